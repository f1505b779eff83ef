"use strict";
(function () {
  var box = document.getElementById("filter");
  var decided = document.getElementById("decided");
  var shown = document.getElementById("shown");
  var picks = Array.from(document.querySelectorAll(".pick input[data-severity]"));
  var findings = Array.from(document.querySelectorAll(".finding")).map(function (element) {
    var heading = element.closest(".module").querySelector("h2").textContent;
    return { element: element, text: (heading + " " + element.textContent).toLowerCase() };
  });
  var modules = Array.from(document.querySelectorAll(".module"));
  function show() {
    var words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    var wanted = picks.filter(function (p) { return p.checked; }).map(function (p) { return p.dataset.severity; });
    var number = 0;
    findings.forEach(function (finding) {
      var data = finding.element.dataset;
      var fits = wanted.includes(data.severity) && (decided.checked || data.decided === "no") &&
        words.every(function (word) { return finding.text.includes(word); });
      finding.element.hidden = !fits;
      number += fits ? 1 : 0;
    });
    modules.forEach(function (module) {
      module.hidden = words.length > 0 && !module.querySelector(".finding:not([hidden])");
    });
    shown.textContent = number + " of " + findings.length + " shown";
  }
  [box, decided].concat(picks).forEach(function (input) { input.addEventListener("input", show); });
  show();
})();
