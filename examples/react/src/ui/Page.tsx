import { useEffect, useRef, type ReactNode } from "react";

interface PageProps {
  title: string;
  /** A link to the page above. */
  back?: ReactNode;
  /** Buttons beside the heading. */
  actions?: ReactNode;
  children: ReactNode;
}

/** A page with its heading, which gets the focus when the page opens, and its place in the scroll when it comes back. */
export function Page({ title, back, actions, children }: PageProps) {
  const heading = useRef<HTMLHeadingElement>(null);
  const scroll = useRef(0);

  useEffect(() => {
    window.scrollTo(0, scroll.current);
    // On the first page nothing has the focus yet, and the skip link should come first.
    if (document.activeElement !== document.body) heading.current?.focus({ preventScroll: true });
    const remember = () => (scroll.current = window.scrollY);
    window.addEventListener("scroll", remember, { passive: true });
    return () => window.removeEventListener("scroll", remember);
  }, []);

  return (
    <div className="page">
      <title>{`${title} · Closetspace`}</title>
      {back}
      <div className="page-head">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {actions}
      </div>
      {children}
    </div>
  );
}
