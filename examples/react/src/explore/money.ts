/** Returns a price as people write it; empty without one. */
export function money(price: number | null, currency: string | null): string {
  if (price === null) return "";
  if (!currency) return String(price);
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency }).format(price);
  } catch {
    return `${price} ${currency}`; // not a code that the browser knows
  }
}
