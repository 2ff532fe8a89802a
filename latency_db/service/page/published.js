/** View: every latency of the model that others published, with its source, doubtful ones with what is doubtful. */

import { linkTo } from "./address.js";
import { deviceNames, get } from "./api.js";
import { awaited } from "./awaited.js";
import { html, svg } from "./elements.js";
import { counted, figure } from "./figures.js";
import { strips } from "./strips.js";
import { table } from "./table.js";

export const view = ({ model }, signal) => awaited(
  "Looking for published rows…", () => Promise.all([get("published", { model }, signal), deviceNames()]), shown,
);

function shown([{ model, rows }, nameOf]) {
  const heading = html("h2", {}, `Published latencies of ${model}`);
  if (!rows.length) return [heading, html(
    "p", { class: "empty" }, "Nobody whom we know of published a latency of this model. ",
    html("a", { href: linkTo("latency") }, "See its estimate"), ", or choose another model.",
  )];
  const ordered = [...rows].sort((one, other) => one.ms - other.ms);
  const groups = [...Map.groupBy(ordered, ({ device }) => device)].map(([device, found]) => ({ name: nameOf(device), dots: found.map(dot) }));
  const doubtful = rows.filter(({ flag }) => flag).length;
  return [
    heading,
    html("p", {}, `${counted(rows.length, "row")} on ${counted(groups.length, "device")}, from ${figure(ordered[0].ms)} to ${figure(ordered.at(-1).ms)} ms. None is averaged${doubtful ? `; ${doubtful} of them doubtful` : ""}.`),
    strips(`Published latencies of ${model} on ${counted(groups.length, "device")}.`, groups),
    html(
      "ul", { class: "legend" }, html("li", {}, key("dot"), "a published figure"),
      doubtful ? html("li", {}, key("dot hollow"), "doubtful, for the reason in the table") : null,
    ),
    table("Published rows, the fastest first", [
      { title: "Device", cell: (row) => nameOf(row.device) },
      { title: "ms", number: true, cell: (row) => figure(row.ms) },
      { title: "Ran by", cell: ran },
      { title: "px", number: true, cell: (row) => String(row.size ?? "–") },
      { title: "OS", cell: (row) => row.os || "–" },
      { title: "Published as", words: true, cell: (row) => row.published_as },
      { title: "Source", words: true, cell: (row) => row.reference },
      { title: "Licence", words: true, cell: (row) => row.licence },
      { title: "Doubt or note", words: true, cell: (row) => [
        row.flag && html("mark", { class: row.usable ? "" : "bad" }, `○ ${row.flag}`), " ",
        [row.flag_reason, row.note].filter(Boolean).join("; "),
      ] },
    ], ordered, ({ flag }) => (flag ? "doubtful" : null)),
  ];
}

const ran = ({ runtime, runtime_version: version, unit, precision }) => html(
  "span", { title: version }, [runtime, precision, unit?.toUpperCase()].filter(Boolean).join(" ") || "not stated",
);

const key = (kind) => svg("svg", { width: 12, height: 12, "aria-hidden": "true" }, svg("circle", { class: kind, cx: 6, cy: 6, r: 4.5 }));

const dot = (row) => ({
  ms: row.ms, hollow: Boolean(row.flag),
  title: `${figure(row.ms)} ms, ${row.runtime} ${row.precision} ${row.unit}, ${row.reference}${row.flag && `; ${row.flag}: ${row.flag_reason}`}`,
});
