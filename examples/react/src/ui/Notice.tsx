import type { ReactNode } from "react";

/** Something said in the place of what would be there: a sentence, and what to do next. */
export function Notice({ role, children }: { role?: "alert" | "status"; children: ReactNode }) {
  return (
    <div className="notice" role={role}>
      {children}
    </div>
  );
}
