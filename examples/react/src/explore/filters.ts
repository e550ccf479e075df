import type { RecommendRequest } from "@closetspace/web";

/** What a person looks for, without the category. Missing fields are left to the server. */
export type Filters = Pick<
  RecommendRequest,
  "order" | "gender" | "price_min" | "price_max" | "in_stock" | "own_similar" | "explore" | "serendipity" | "mix" | "brands_out"
>;

/** Returns the filters of a form; fields that are empty, off, or at the value of `data-default` are left out. */
export function filtersOf(form: HTMLFormElement): Filters {
  const filters: Record<string, unknown> = {};
  for (const field of form.elements) {
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement) || !field.name) continue;
    if (field.value === field.dataset.default) continue;
    if (field.type === "checkbox") {
      if (field.checked) filters[field.name] = true;
    } else if (field.type === "number" || field.type === "range") {
      if (field.value) filters[field.name] = Number(field.value);
    } else if (field.value) {
      filters[field.name] = field.value;
    }
  }
  return filters;
}

/** Returns the number of filters that are set. */
export function countFilters({ brands_out: brands, ...filters }: Filters): number {
  return Object.keys(filters).length + (brands?.length ?? 0);
}
