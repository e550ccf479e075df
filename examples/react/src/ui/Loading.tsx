/** What is shown until it is known who is signed in. */
export function Loading() {
  return (
    <main aria-busy="true" className="page">
      <p className="visually-hidden">Loading…</p>
      <Skeletons count={8} />
    </main>
  );
}

/** Empty cards in the place of those that come. */
export function Skeletons({ count }: { count: number }) {
  return (
    <div className="cards" aria-hidden="true">
      {Array.from({ length: count }, (_, place) => (
        <div className="card skeleton" key={place}>
          <div className="frame" />
          <div className="line" />
          <div className="line short" />
        </div>
      ))}
    </div>
  );
}
