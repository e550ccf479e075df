import { useFacets } from "./facets";

interface CategoryChipsProps {
  chosen: string | null;
  onChoose: (category: string | null) => void;
  /** Whether it is time to ask for the categories. */
  wanted: boolean;
}

/** A choice of one category or all: radio buttons, so that it is one tab stop. */
export function CategoryChips({ chosen, onChoose, wanted }: CategoryChipsProps) {
  const facets = useFacets(wanted);
  return (
    <fieldset className="chips scrolling">
      <legend className="visually-hidden">Categories</legend>
      <Chip text="All" checked={chosen === null} choose={() => onChoose(null)} />
      {facets?.categories.map(({ name }) => (
        <Chip text={name} checked={chosen === name} choose={() => onChoose(name)} key={name} />
      ))}
    </fieldset>
  );
}

function Chip({ text, checked, choose }: { text: string; checked: boolean; choose: () => void }) {
  return (
    <label className="chip">
      <input type="radio" name="category" checked={checked} onChange={choose} />
      {text}
    </label>
  );
}
