"use strict";
// The site's search, in the page itself. MkDocs' own works in a worker and fetches its index:
// browsers refuse both to pages that are opened from a folder, and this site needs no server.
document.addEventListener("DOMContentLoaded", function () { // the field comes after this script
  var most = 40, around = 90;
  var input = document.getElementById("mkdocs-search-query");
  var results = document.getElementById("mkdocs-search-results");
  var sections = null;

  function element(name, text, parent) {
    var made = parent.appendChild(document.createElement(name));
    made.textContent = text;
    return made;
  }

  function load(then) {
    if (sections !== null) { then(); return; }
    var script = document.createElement("script");
    script.src = base_url + "/search/search_index.js"; // sets isoviewSections
    script.onload = function () {
      sections = window.isoviewSections.map(function (each) {
        return { place: each.location, title: each.title, text: each.text,
                 low: (each.title + "\n" + each.text).toLowerCase(), name: each.title.toLowerCase() };
      });
      then();
    };
    document.head.appendChild(script);
  }

  // Sections that hold every word; those that have more of them in the title come first.
  function found(words) {
    var hits = sections.filter(function (each) {
      return words.every(function (word) { return each.low.includes(word); });
    });
    function rank(each) {
      return words.filter(function (word) { return each.name.includes(word); }).length;
    }
    return hits.sort(function (one, other) { return rank(other) - rank(one); });
  }

  function show() {
    var words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
    results.replaceChildren();
    if (words.join("").length < 2) { return; }
    var hits = found(words);
    hits.slice(0, most).forEach(function (each) {
      var link = element("a", each.title, element("h3", "", results));
      link.href = base_url + "/" + each.place;
      var at = Math.max(each.text.toLowerCase().indexOf(words[0]) - around, 0);
      element("p", (at ? "…" : "") + each.text.slice(at, at + 3 * around), results);
    });
    var number = hits.length === 1 ? "1 section" : hits.length + " sections";
    element("p", hits.length > most ? number + ", of which " + most + " are shown" : number, results);
  }

  function search() { load(show); }
  input.addEventListener("input", search);
  input.addEventListener("keydown", function (event) {
    if (event.key === "Enter") { event.preventDefault(); } // results are there already
  });
  var asked = new URLSearchParams(window.location.search).get("q"); // index.html?q=heap+types
  if (asked) { input.value = asked; search(); }
});
