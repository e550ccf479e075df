/** A sentence that says what went wrong; nothing without one. */
export function Alert({ text }: { text: string | null | undefined }) {
  if (!text) return null;
  return (
    <p role="alert" className="problem">
      {text}
    </p>
  );
}
