// Lists can be filtered and sorted, and an old page says that it is old. Every page can be read without this.
"use strict";
(() => {
  const plain = (text) => text.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  const filter = (table, words) => {
    const wanted = plain(words).split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const row of table.tBodies[0].rows) {
      row.hidden = !wanted.every((word) => plain(row.textContent).includes(word));
      shown += row.hidden ? 0 : 1;
    }
    return shown;
  };
  const sort = (table, column, heading) => {
    const up = heading.getAttribute("aria-sort") !== "ascending";
    const key = (row) => row.cells[column].dataset.sort ?? plain(row.cells[column].textContent);
    const rows = [...table.tBodies[0].rows].sort((a, b) => key(a).localeCompare(key(b), "en", { numeric: true }));
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", up ? "ascending" : "descending");
    table.tBodies[0].append(...(up ? rows : rows.reverse()));
  };
  const asked = new URLSearchParams(location.search).get("find") ?? "";
  document.querySelectorAll("table.list").forEach((table, number) => {
    const box = document.createElement("p");
    box.className = "find";
    box.innerHTML = '<label for="filter-' + number + '">Show only rows with</label><input id="filter-' + number +
      '" type="search"><span role="status"></span>';
    table.closest(".table").before(box);
    const input = box.querySelector("input");
    const look = () => { box.querySelector("span").textContent = filter(table, input.value) + " shown"; };
    input.addEventListener("input", look);
    if (number === 0 && asked) { input.value = asked; }
    if (input.value) look();
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.textContent = heading.textContent;
      button.title = "Sort by this column";
      heading.replaceChildren(button);
      button.addEventListener("click", () => sort(table, column, heading));
    });
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((one) => { one.open = true; }));
  const drawn = document.querySelector("[data-drawn]");
  const hours = drawn ? Math.floor((Date.now() - Date.parse(drawn.dataset.drawn)) / 3600000) : 0;
  if (hours >= 1) {
    const old = document.createElement("p");
    old.className = "stale";
    old.textContent = "This page was last updated " + (hours === 1 ? "an hour" : hours + " hours") +
      " ago. Reload it. If it stays the same, FormFlow may have stopped: tell IT, and look in the drop folders yourself.";
    document.querySelector("h1").after(old);
  }
})();
