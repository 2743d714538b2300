#include "io/html.hpp"

#include <fmt/format.h>

#include "core/text.hpp"

namespace invctl::io::html {

namespace {

// Eight colours that stay apart for the colour-blind (Okabe and Ito), lighter in the dark.
constexpr std::string_view style_sheet = R"css(
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --line: #d0d7de; --page: #ffffff; --box: #f6f8fa;
  --link: #0550ae; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #8a6d00; --c5: #56b4e9; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6edf3; --soft: #9198a1; --line: #3d444d; --page: #0d1117; --box: #161b22; --link: #79c0ff;
    --c0: #58a6ff; --c1: #ff9f5a; --c2: #3fd6a8; --c3: #e7a3c8; --c4: #e3c14a; --c5: #9bd7ff; } }
@media print { :root { color-scheme: light; --ink: #000000; --soft: #444444; --line: #bbbbbb; --page: #ffffff;
    --box: #ffffff; --link: #000000; --c0: #0072b2; --c1: #d55e00; --c2: #009e73; --c3: #cc79a7; --c4: #8a6d00;
    --c5: #56b4e9; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem; max-width: 60rem; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "Noto Sans CJK KR", "Noto Sans CJK JP", sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.25rem; margin: 2.5rem 0 .75rem; padding-bottom: .25rem; border-bottom: 1px solid var(--line); }
h3 { font-size: 1.05rem; margin: 1.5rem 0 .25rem; overflow-wrap: anywhere; }
p { margin: .5rem 0; }
.notice { margin: 1.5rem 0 0; padding: .6rem .8rem; border: 1px solid var(--line); border-left: .4rem solid var(--c1);
  background: var(--box); overflow-wrap: anywhere; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); gap: 0 1.5rem; }
.sub, footer { color: var(--soft); }
footer { margin-top: 3rem; padding-top: .75rem; border-top: 1px solid var(--line); font-size: .85rem; }
a { color: var(--link); }
a:focus-visible, [tabindex]:focus-visible { outline: 3px solid var(--c0); outline-offset: 2px; }
.skip { position: absolute; left: -100rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--page); padding: .5rem; }
nav ul { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: 1rem 0 0; padding: 0; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(9.5rem, 1fr)); gap: .75rem; margin: 1.5rem 0 0; }
.tiles div { background: var(--box); border: 1px solid var(--line); border-radius: .4rem; padding: .6rem .8rem; }
.tiles dt { color: var(--soft); font-size: .85rem; }
.tiles dd { margin: 0; font-size: 1.35rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.tiles .remark { font-size: .85rem; color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { text-align: left; padding: .3rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { white-space: nowrap; }
.n { text-align: right; white-space: nowrap; }
td { overflow-wrap: anywhere; }
td:first-child:not(.n) { min-width: 7em; }
figure { margin: 1rem 0; }
figcaption { color: var(--soft); font-size: .9rem; }
svg { display: block; width: 100%; height: auto; }
svg text { fill: var(--soft); font-size: 12px; }
svg .name { fill: var(--ink); }
svg .grid { stroke: var(--line); stroke-width: 1; }
svg .axis { stroke: var(--soft); stroke-width: 1; }
svg .guide { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 5 4; fill: none; }
svg .dash { stroke-dasharray: 7 4; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; list-style: none; margin: .25rem 0 0; padding: 0;
  font-size: .9rem; }
.legend i { display: inline-block; width: .8rem; height: .8rem; margin-right: .35rem; border-radius: .15rem; }
.legend .dash, .legend .guide { -webkit-mask: repeating-linear-gradient(90deg, #000 0 .2rem, #0000 .2rem .3rem);
  mask: repeating-linear-gradient(90deg, #000 0 .2rem, #0000 .2rem .3rem); }
.legend .guide { background: var(--soft); height: .15rem; vertical-align: middle; }
.f0 { fill: var(--c0); } .f1 { fill: var(--c1); } .f2 { fill: var(--c2); } .f3 { fill: var(--c3); }
.f4 { fill: var(--c4); } .f5 { fill: var(--c5); }
.l0 { stroke: var(--c0); } .l1 { stroke: var(--c1); } .l2 { stroke: var(--c2); } .l3 { stroke: var(--c3); }
.l4 { stroke: var(--c4); } .l5 { stroke: var(--c5); }
.b0 { background: var(--c0); } .b1 { background: var(--c1); } .b2 { background: var(--c2); }
.b3 { background: var(--c3); } .b4 { background: var(--c4); } .b5 { background: var(--c5); }
@media print {
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  nav, .skip { display: none; }
  h2, h3, section > p, caption, thead, tbody tr:first-child { break-after: avoid; }
  p, figure, tr, .tiles div, .pair > div { break-inside: avoid; }
  .scroll { overflow: visible; }
  svg rect, .legend i { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
)css";

}  // namespace

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text::printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string page(const Page& page) {
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  // A style in the page is the only thing that may be loaded; the icon keeps browsers from asking for one.
  out +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
      "img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<link rel=\"icon\" href=\"data:,\">\n";
  out +=
      fmt::format("<title>{}</title>\n<style>{}</style>\n</head>\n<body>\n", escape(page.title), style_sheet);
  out += "<a class=\"skip\" href=\"#content\">Skip to the content</a>\n<header>\n";
  out += fmt::format("<h1>{}</h1>\n<p class=\"sub\">{}</p>\n", escape(page.title), escape(page.subtitle));
  out += "<nav aria-label=\"Sections\"><ul>\n";
  for (const auto& section : page.sections) {
    out += fmt::format("<li><a href=\"#{}\">{}</a></li>\n", escape(section.id), escape(section.title));
  }
  out += "</ul></nav>\n</header>\n<main id=\"content\" tabindex=\"-1\">\n" + page.html;
  for (const auto& section : page.sections) {
    out += fmt::format("<section aria-labelledby=\"{0}\">\n<h2 id=\"{0}\">{1}</h2>\n{2}</section>\n",
                       escape(section.id), escape(section.title), section.html);
  }
  out += fmt::format("</main>\n<footer>{}</footer>\n</body>\n</html>\n", escape(page.footer));
  return out;
}

std::string grouped(std::int64_t number) {
  auto digits = fmt::to_string(number);
  const std::size_t first = number < 0 ? 1 : 0;
  for (auto at = digits.size(); at > first + 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string tiles(const std::vector<Tile>& tiles) {
  std::string out = "<dl class=\"tiles\">\n";
  for (const auto& tile : tiles) {
    out += fmt::format("<div><dt>{}</dt><dd>{}</dd>", escape(tile.label), escape(tile.value));
    if (!tile.remark.empty()) out += fmt::format("<dd class=\"remark\">{}</dd>", escape(tile.remark));
    out += "</div>\n";
  }
  return out + "</dl>\n";
}

std::string table(const std::string& caption, const std::vector<HtmlColumn>& columns,
                  const std::vector<std::vector<std::string>>& rows) {
  const auto name = escape(caption);
  // What scrolls must be reachable by keyboard.
  std::string out = fmt::format(
      "<div class=\"scroll\" role=\"region\" aria-label=\"{0}\" tabindex=\"0\">\n<table>\n"
      "<caption>{0}</caption>\n<thead><tr>",
      name);
  const auto kind = [&](std::size_t i) { return columns[i].kind == Kind::number ? " class=\"n\"" : ""; };
  for (std::size_t i = 0; i < columns.size(); ++i) {
    out += fmt::format("<th scope=\"col\"{}>{}</th>", kind(i), escape(columns[i].title));
  }
  out += "</tr></thead>\n<tbody>\n";
  for (const auto& row : rows) {
    out += "<tr>";
    for (std::size_t i = 0; i < columns.size(); ++i) {
      out += fmt::format("<td{}>{}</td>", kind(i), escape(row.at(i)));
    }
    out += "</tr>\n";
  }
  return out + "</tbody>\n</table>\n</div>\n";
}

std::string paragraph(std::string_view text) {
  return fmt::format("<p>{}</p>\n", escape(text));
}

std::string notice(std::string_view text) {
  return fmt::format("<p class=\"notice\">{}</p>\n", escape(text));
}

std::string block(std::string_view title, std::string_view html) {
  return fmt::format("<h3>{}</h3>\n{}", escape(title), html);
}

std::string side_by_side(const std::vector<std::string>& blocks) {
  std::string out = "<div class=\"pair\">\n";
  for (const auto& one : blocks) out += "<div>\n" + one + "</div>\n";
  return out + "</div>\n";
}

}  // namespace invctl::io::html
