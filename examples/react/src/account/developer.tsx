import { createContext, use, useMemo, useState, type ReactNode } from "react";

interface Developer {
  /** Whether to show what only developers need: versions, seeds, scores. */
  readonly details: boolean;
  readonly setDetails: (details: boolean) => void;
}

const DeveloperContext = createContext<Developer>({ details: false, setDetails: () => {} });

export function useDeveloper(): Developer {
  return use(DeveloperContext);
}

export function DeveloperProvider({ children }: { children: ReactNode }) {
  const [details, setDetails] = useState(false);
  const value = useMemo(() => ({ details, setDetails }), [details]);
  return <DeveloperContext value={value}>{children}</DeveloperContext>;
}
