// Keeps what was computed for the last few keys: a step back costs nothing.
//
// The function it returns gives the value of a key, computed where it is not kept.
export function memo(most) {
  const known = new Map();
  return (key, compute) => {
    const value = known.has(key) ? known.get(key) : compute();
    known.delete(key); // the last one asked for stands last
    known.set(key, value);
    if (known.size > most) known.delete(known.keys().next().value);
    return value;
  };
}
