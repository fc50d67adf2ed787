// Remembers which pages were read to their end and which exercises are done. All of it stays
// in this browser; nothing is sent anywhere, and without storage the page is as it was.
(() => {
  "use strict";
  const KEY = "pixels-to-prompts";

  function load() {
    try { return JSON.parse(localStorage.getItem(KEY)) ?? {}; } catch { return {}; }
  }

  function save(state) {
    try { localStorage.setItem(KEY, JSON.stringify(state)); } catch { /* private window */ }
  }

  // The last two parts of an address name a page, wherever the book lies.
  const pageOf = (address) => new URL(address, location.href).pathname.split("/").slice(-2).join("/");
  const here = pageOf(location.href);

  function remember(change) {
    const state = load();
    state[here] ??= { read: false, done: [] };
    change(state[here]);
    save(state);
    mark(state);
  }

  // In the table of contents: a tick for a page that was read, and how many exercises are done.
  function mark(state) {
    for (const link of document.querySelectorAll(".bd-links a.reference.internal")) {
      const known = state[pageOf(link.href)];
      link.querySelector(".reader-mark")?.remove();
      const words = [known?.read && "read", known?.done.length && `${known.done.length} done`];
      const text = words.filter(Boolean).join(", ");
      if (!text) continue;
      const note = document.createElement("span");
      note.className = "reader-mark";
      note.textContent = ` ✓ ${text}`;
      link.append(note);
    }
  }

  function offerDone(heading) {
    const id = heading.closest("section").id;
    const label = document.createElement("label"), box = document.createElement("input");
    label.className = "reader-done";
    box.type = "checkbox";
    box.checked = load()[here]?.done.includes(id) ?? false;
    box.addEventListener("change", () => remember((page) => {
      page.done = page.done.filter((known) => known !== id);
      if (box.checked) page.done.push(id);
    }));
    label.append(box, " I have solved this");
    heading.after(label);
  }

  function main() {
    mark(load());
    for (const heading of document.querySelectorAll("article h3")) {
      if (heading.textContent.startsWith("Exercise ")) offerDone(heading);
    }
    const end = document.querySelector(".prev-next-area");
    if (!end) return;
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting || scrollY === 0) return;
      watch.disconnect();
      remember((page) => { page.read = true; });
    });
    watch.observe(end);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", main);
  else main();
})();
