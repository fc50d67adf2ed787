// Remembers which pages were read to their end and which exercises are done. All of it stays
// in this browser; nothing is sent anywhere, and without storage the page is as it was.
//
// Every fact is an entry of its own, named by its address: a page, or an exercise on it. One
// entry for all would have to be read before it is written, and what is read may be old: in
// another tab, or, for a book opened as a file, just after a reload (Chromium then shows its
// storage empty now and then). A whole state that was written back on top lost the others.
(() => {
  "use strict";
  const PREFIX = "pixels-to-prompts:";

  // The last two parts of an address name a page, wherever the book lies.
  const pageOf = (address) => new URL(address, location.href).pathname.split("/").slice(-2).join("/");
  const here = pageOf(location.href);

  function known() {
    try {
      const ours = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
      return new Set(ours.map((key) => key.slice(PREFIX.length)));
    } catch { return new Set(); }
  }

  function remember(fact, isTrue) {
    try {
      if (isTrue) localStorage.setItem(PREFIX + fact, "1");
      else localStorage.removeItem(PREFIX + fact);
    } catch { /* a private window, or no room */ }
    mark(known());
  }

  // In the table of contents: a tick for a page that was read, and how many exercises are done.
  function mark(facts) {
    for (const link of document.querySelectorAll(".bd-links a.reference.internal")) {
      link.querySelector(".reader-mark")?.remove();
      const page = pageOf(link.href);
      const done = [...facts].filter((fact) => fact.startsWith(`${page}#`)).length;
      const text = [facts.has(page) && "read", done && `${done} done`].filter(Boolean).join(", ");
      if (!text) continue;
      const note = document.createElement("span");
      note.className = "reader-mark";
      note.textContent = ` ✓ ${text}`;
      link.append(note);
    }
  }

  function show() {
    const facts = known();
    mark(facts);
    for (const box of document.querySelectorAll(".reader-done input")) {
      box.checked = facts.has(box.value);
    }
  }

  function offerDone(heading) {
    const label = document.createElement("label"), box = document.createElement("input");
    label.className = "reader-done";
    box.type = "checkbox";
    box.value = `${here}#${heading.closest("section").id}`;
    box.addEventListener("change", () => remember(box.value, box.checked));
    label.append(box, " I have solved this");
    heading.after(label);
  }

  // The notebook is saved, not shown. Of a book that was opened as a file no script may read the
  // notebook, and Chromium shows it in spite of `download`: there its twin, a script, brings it.
  function offerFile(link) {
    link.download = decodeURIComponent(link.pathname.split("/").pop());
    link.removeAttribute("target");
    if (location.protocol !== "file:") return;
    link.addEventListener("click", (event) => {
      if (link.protocol === "blob:") return;
      event.preventDefault();
      const twin = document.createElement("script");
      twin.src = `${link.href}.js`;
      twin.onerror = () => location.assign(link.href);
      addEventListener("course-file", ({ detail }) => {
        link.href = URL.createObjectURL(new Blob([detail]));
        link.click();
      }, { once: true });
      document.head.append(twin);
    });
  }

  function main() {
    document.querySelectorAll('a[href*="_sources/"]').forEach(offerFile);
    for (const heading of document.querySelectorAll("article h3")) {
      if (heading.textContent.startsWith("Exercise ")) offerDone(heading);
    }
    show();
    addEventListener("storage", show); // another tab of the book
    const end = document.querySelector(".prev-next-area");
    if (!end) return;
    const watch = new IntersectionObserver(([entry]) => {
      if (!entry.isIntersecting || scrollY === 0) return;
      watch.disconnect();
      remember(here, true);
    });
    watch.observe(end);
  }

  if (document.readyState === "loading") addEventListener("DOMContentLoaded", main);
  else main();
})();
