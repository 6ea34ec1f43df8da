"use strict";
// The shell of every report: its data, the theme, charts that follow both.
const epoch = (() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const charts = [];
  const system = matchMedia("(prefers-color-scheme: dark)");
  const select = document.getElementById("theme");

  const color = (name) =>
    getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  const palette = () => [1, 2, 3, 4, 5, 6, 7, 8].map((n) => color("c" + n));

  function applyTheme() {
    const dark = select.value === "auto" ? system.matches : select.value === "dark";
    document.documentElement.dataset.theme = dark ? "dark" : "light";
    charts.forEach((chart) => chart.draw());
  }
  select.addEventListener("change", applyTheme);
  system.addEventListener("change", applyTheme);

  // 1234567 as "1.235 M"; units that need no prefix stay as they are.
  function number(value, digits = 4) {
    if (value === null || value === undefined || !Number.isFinite(value)) return "–";
    if (value === 0) return "0";
    const steps = [[1e12, " T"], [1e9, " G"], [1e6, " M"], [1e3, " k"], [1, ""]];
    const size = Math.abs(value);
    for (const [scale, name] of steps) {
      if (size >= scale) return Number((value / scale).toPrecision(digits)) + name;
    }
    return String(Number(value.toPrecision(digits)));
  }

  // With its unit; times as people say them.
  function quantity(value, unit, digits = 4) {
    if (unit !== "ns" || !(Math.abs(value) >= 1e3)) return `${number(value, digits)} ${unit}`.trim();
    const [scale, name] = [[1e9, "s"], [1e6, "ms"], [1e3, "µs"]].find(([s]) => Math.abs(value) >= s);
    return `${Number((value / scale).toPrecision(digits))} ${name}`;
  }

  function element(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  }

  function options(node, entries, chosen) {
    node.replaceChildren(
      ...entries.map(([value, text]) => element("option", { value }, text)));
    if (chosen !== undefined) node.value = chosen;
  }

  // What every chart has: colours of the theme, no animation, names and ticks that are read easily.
  function axis(extra) {
    return {
      nameLocation: "middle", nameGap: 30, nameTextStyle: { color: color("muted") },
      axisLabel: { color: color("muted"), hideOverlap: true,
                   formatter: (v) => (typeof v === "number" ? number(v, 3) : v) },
      axisLine: { lineStyle: { color: color("line") } }, axisTick: { show: false },
      splitLine: { lineStyle: { color: color("grid") } }, minorSplitLine: { show: false }, ...extra,
    };
  }

  // A chart in `node`, whose `option()` is asked again when theme, size or a control changes. null
  // shows `empty` in its place.
  function chart(node, option, empty = "No point has these values.") {
    const canvas = echarts.init(node, null, { renderer: "svg" });
    const notice = element("p", { class: "notice", hidden: "" }, empty);
    node.after(notice);
    const entry = {
      draw() {
        const wanted = option();
        notice.hidden = wanted !== null;
        node.hidden = wanted === null;
        if (wanted === null) return;
        canvas.resize();
        canvas.setOption({
          animation: false, backgroundColor: "transparent", color: palette(),
          textStyle: { fontFamily: getComputedStyle(document.body).fontFamily, color: color("ink") },
          ...wanted,
          tooltip: { backgroundColor: color("card"), borderColor: color("line"), confine: true,
                     textStyle: { color: color("ink"), fontSize: 13 }, ...wanted.tooltip },
        }, true);
      },
    };
    charts.push(entry);
    new ResizeObserver(() => canvas.resize()).observe(node);
    return entry;
  }

  // Text from files, where a chart takes HTML.
  const escape = (text) => echarts.format.encodeHTML(String(text));
  const legend = (extra) => ({
    type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8,
    textStyle: { color: color("ink"), fontSize: 12 }, pageTextStyle: { color: color("muted") },
    pageIconColor: color("accent"), pageIconInactiveColor: color("line"), ...extra,
  });

  return { data, color, palette, number, quantity, element, options, axis, chart, escape, legend, applyTheme };
})();
