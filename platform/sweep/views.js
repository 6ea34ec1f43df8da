// The views of a sweep: curves, roofline, Pareto front, stalls, table.
(() => {
  const { data, color, palette, number, quantity, element, options, axis, chart, escape, legend } = epoch;

  // Of the n-th series: colours come again after eight, then with hollow symbols and broken lines.
  const look = (index) => {
    const again = Math.floor(index / palette().length);
    const symbol = ["circle", "rect", "triangle", "diamond"][index % 4];
    return { symbol: again % 2 ? "empty" + symbol[0].toUpperCase() + symbol.slice(1) : symbol,
             line: { width: 2, type: ["solid", "dashed", "dotted"][again % 3] } };
  };
  const $ = (id) => document.getElementById(id);
  const text = (value) =>
    value === null ? "–" : Array.isArray(value) ? value.join(" ") : String(value);
  const columns = new Map(data.columns.map((c) => [c.name, c]));
  const good = data.points.filter((p) => p.status === "ok");
  const failed = data.points.filter((p) => p.status === "failed");
  // A name without the unit that stands beside it.
  const short = (name) => name.replace("epochcore.counters.", "").replace(/_(ns|gb_s|gop_s)$/, "")
    .replaceAll("_", " ");
  const unitOf = (name) => columns.get(name)?.unit ?? "";
  const label = (name) => {
    const unit = columns.get(name)?.unit;
    return short(name) + (unit ? ` (${unit})` : "");
  };
  const shortKey = (key) => key.split(".").slice(-2).join(".");

  // A key's values in the order of the sweep; numbers sorted.
  const values = new Map(data.keys.map((key) => {
    const all = [...new Map(data.points.map((p) => [text(p.swept[key]), p.swept[key]])).values()];
    const numeric = all.every((v) => typeof v === "number");
    return [key, numeric ? all.sort((a, b) => a - b) : all];
  }));
  // A value in a chart: of lists, only what differs from point to point.
  const common = new Map(data.keys.map((key) => {
    const lists = values.get(key).filter(Array.isArray);
    return [key, (lists[0] ?? []).filter((item) => lists.every((list) => list.includes(item)))];
  }));
  const brief = (key, value) =>
    Array.isArray(value) ? value.filter((item) => !common.get(key).includes(item)).join(" ") : text(value);
  // Keys that vary; of those that do so together, as in a list of points, the first stands for all.
  const moving = data.keys.filter((key) => values.get(key).length > 1);
  const together = (a, b) => {
    const pairs = new Set(data.points.map((p) => JSON.stringify([p.swept[a], p.swept[b]])));
    return pairs.size === values.get(a).length && pairs.size === values.get(b).length;
  };
  const varied = moving.filter((key, i) => !moving.slice(0, i).some((other) => together(other, key)));
  const full = (key) => [key, ...moving.filter((k) => k !== key && together(key, k))].join(" and ");
  const isNumeric = (key) => values.get(key).every((v) => typeof v === "number");
  const named = (point, keys = varied) =>
    keys.map((key) => `${shortKey(key)} = ${brief(key, point.swept[key])}`).join(", ") ||
    `point ${point.point}`;
  const tip = (point, names) =>
    `<strong>point ${point.point}</strong><br>` +
    varied.map((k) => escape(`${shortKey(k)} = ${brief(k, point.swept[k])}`) + "<br>").join("") +
    names.map((n) => escape(`${short(n)}: ${quantity(point.measured[n], unitOf(n))}`)).join("<br>");
  // Logarithmic where values span an octave of octaves, as powers of two do.
  const scaleOf = (list) => {
    const numbers = list.filter((v) => Number.isFinite(v));
    const low = Math.min(...numbers), high = Math.max(...numbers);
    return low > 0 && high / low >= 8 ? "log" : "value";
  };
  // An axis of a measured column: its name, and ticks with units.
  const measured = (name) => ({ name: short(name), axisLabel: { ...axis().axisLabel,
    formatter: (v) => quantity(v, unitOf(name), 3) } });
  const measuredNames = data.columns.map((c) => c.name)
    .filter((n) => good.some((p) => typeof p.measured[n] === "number"));
  const has = (name) => measuredNames.includes(name);

  function header() {
    $("title").textContent = data.sweep.replace(/\.json$/, "");
    $("description").textContent = data.description;
    const keys = varied.map((k) => `${full(k)} (${values.get(k).length})`).join(", ");
    const missing = data.points.length - good.length - failed.length;
    $("facts").textContent = `${data.points.length} points of ${data.scenario ?? "the default platform"}` +
      (keys ? ` over ${keys}` : "") + `; ${good.length} ok, ${failed.length} failed` +
      (missing ? `, ${missing} not run` : "") + ".";
    $("failures").hidden = failed.length === 0;
    const reasons = new Map();
    for (const p of failed) reasons.set(p.error, [...(reasons.get(p.error) ?? []), p]);
    const items = [...reasons].map(([error, points]) => element("li", {},
      points.length === 1 ? `point ${points[0].point} (${named(points[0])}): ${error}`
                          : `${points.length} points, ${points[0].point} (${named(points[0])}) the first: ${error}`));
    $("failures").append(...items.slice(0, 6));
    if (items.length > 6) $("failures").append(element("li", {}, "and others; the table has them all"));
  }

  // ---- curves -----------------------------------------------------------------------------------

  const fixed = new Map();  // key -> chosen value, of keys that are neither axis nor series

  function curvePoints() {
    const held = varied.filter((k) => k !== $("curve-x").value && k !== $("curve-series").value);
    return good.filter((p) => held.every((k) => text(p.swept[k]) === fixed.get(k)));
  }

  const place = (key, point) =>
    values.get(key).findIndex((v) => text(v) === text(point.swept[key]));

  // A line for each value of the key chosen, its points in the order of the key along the axis.
  function lines(points, measure, across) {
    const x = $("curve-x").value, by = $("curve-series").value;
    const groups = by ? values.get(by) : [null];
    return groups.map((group, index) => ({
      type: "line", name: group === null ? short(measure) : brief(by, group), symbolSize: 7, lineStyle: look(index).line,
      symbol: look(index).symbol,
      data: points.filter((p) => !by || text(p.swept[by]) === text(group))
        .sort((a, b) => place(x, a) - place(x, b))
        .map((p) => ({ value: [across(p), p.measured[measure]], point: p })),
    })).filter((s) => s.data.length > 0);
  }

  function curveOption(measure) {
    const x = $("curve-x").value, by = $("curve-series").value;
    const points = curvePoints().filter((p) => typeof p.measured[measure] === "number");
    if (!x || points.length === 0) return null;
    const numeric = isNumeric(x);
    const series = lines(points, measure, (p) => (numeric ? p.swept[x] : brief(x, p.swept[x])));
    const ys = points.map((p) => p.measured[measure]);
    const yLog = scaleOf(ys) === "log";
    const xType = numeric ? scaleOf(values.get(x)) : "category";
    const ticks = values.get(x).length <= 8 ? values.get(x) : undefined;
    return {
      grid: { left: 72, right: 20, top: by ? 44 : 16, bottom: 46 },
      legend: by ? legend() : undefined,
      tooltip: { trigger: "item", formatter: (p) => tip(p.data.point, [measure]) },
      xAxis: axis({ name: shortKey(x), type: xType, ...(xType === "log" ? { logBase: 2 } : {}),
                    ...(xType === "category" ? { data: values.get(x).map((v) => brief(x, v)) } : {}),
                    ...(numeric ? { min: "dataMin", max: "dataMax" } : {}),
                    ...(numeric && ticks ? { axisTick: { customValues: ticks },
                      axisLabel: { ...axis().axisLabel, customValues: ticks } } : {}),
                    splitLine: { show: false } }),
      yAxis: axis({ ...measured(measure), name: "", type: yLog ? "log" : "value",
                    ...(yLog ? {} : { min: 0 }) }),
      series,
    };
  }

  const latencyName = "dram.mean_latency";

  function latencyOption() {
    const x = $("latency-x").value;
    const points = curvePoints().filter((p) => p.measured[latencyName] > 0 && p.measured[x] > 0);
    $("latency-along").textContent = varied.length ? `Lines: along ${full($("curve-x").value)}.` : "";
    if (points.length === 0) return null;
    const type = (name) => scaleOf(points.map((p) => p.measured[name]));
    return {
      grid: { left: 72, right: 24, top: 34, bottom: 46 },
      legend: $("curve-series").value ? legend() : undefined,
      tooltip: { trigger: "item", formatter: (p) =>
        tip(p.data.point, [x, latencyName, "memory_peak_gb_s"].filter(has)) },
      xAxis: axis({ ...measured(x), type: type(x) }),
      yAxis: axis({ ...measured(latencyName), type: type(latencyName), nameGap: 54 }),
      series: lines(points, latencyName, (p) => p.measured[x]),
    };
  }

  function latency() {
    const achieved = measuredNames.filter((n) => unitOf(n) === "GB/s" && n !== "memory_peak_gb_s");
    options($("latency-x"), achieved.map((n) => [n, label(n)]), achieved[0]);
    const entry = chart($("latency"), latencyOption);
    $("latency-x").addEventListener("change", () => entry.draw());
    return entry;
  }

  function curves() {
    const longest = varied.filter(isNumeric).sort((a, b) => values.get(b).length - values.get(a).length);
    options($("curve-x"), varied.map((k) => [k, full(k)]), longest[0] ?? varied[0]);
    const drawn = [];
    const first = ["active_time_ns", "dma_read_gb_s", "dram.mean_latency"];
    const names = ["Runtime", "Bandwidth", "Latency"];
    first.forEach((name, index) => {
      const select = element("select", { id: `curve-measure-${index}` });
      options(select, measuredNames.map((n) => [n, label(n)]), has(name) ? name : measuredNames[0]);
      const node = element("div", { class: "chart", role: "img",
        "aria-label": `${names[index]} against the swept keys; the figures are in the table below` });
      $("curves").append(element("div", { class: "curve" },
        element("label", {}, names[index], select), node));
      const entry = chart(node, () => curveOption(select.value));
      select.addEventListener("change", () => entry.draw());
      drawn.push(entry);
    });
    drawn.push(latency());
    const holders = element("span", { class: "controls", style: "margin:0" });
    $("curve-controls").append(holders);
    const again = () => {
      const x = $("curve-x").value;
      const others = varied.filter((k) => k !== x);
      const before = $("curve-series").value;
      options($("curve-series"), [["", "one line"], ...others.map((k) => [k, full(k)])],
              others.includes(before) ? before : others[0] ?? "");
      hold();
    };
    const hold = () => {
      const held = varied.filter((k) => k !== $("curve-x").value && k !== $("curve-series").value);
      holders.replaceChildren(...held.map((key) => {
        const select = element("select");
        const all = values.get(key).map(text);
        options(select, values.get(key).map((v) => [text(v), brief(key, v)]), fixed.get(key) ?? all[0]);
        fixed.set(key, select.value);
        select.addEventListener("change", () => {
          fixed.set(key, select.value);
          drawn.forEach((entry) => entry.draw());
        });
        return element("label", {}, `${key} = `, select);
      }));
      drawn.forEach((entry) => entry.draw());
    };
    $("curve-x").addEventListener("change", again);
    $("curve-series").addEventListener("change", hold);
    again();
  }

  // ---- roofline ---------------------------------------------------------------------------------

  function rooflineOption() {
    const points = good.filter((p) => p.measured.throughput_gop_s > 0 && p.measured.operations_per_byte > 0);
    if (points.length === 0) return null;
    const xs = points.map((p) => p.measured.operations_per_byte);
    const roofs = new Map();
    for (const p of points) {
      const { array_peak_gop_s: peak, memory_peak_gb_s: memory } = p.measured;
      if (peak > 0) roofs.set(`${peak}/${memory}`, { peak, memory });
    }
    const ridges = [...roofs.values()].filter((r) => r.memory > 0).map((r) => r.peak / r.memory);
    const low = Math.min(...xs, ...ridges) / 4, high = Math.max(...xs, ...ridges) * 4;
    const lines = [...roofs.values()].map(({ peak, memory }) => ({
      type: "line", showSymbol: false, silent: true, z: 1, name: "roof",
      lineStyle: { color: color("muted"), width: 1, opacity: roofs.size > 12 ? 0.35 : 0.7 },
      data: memory > 0 ? [[low, low * memory], [peak / memory, peak], [high, peak]]
                       : [[low, peak], [high, peak]],
      endLabel: { show: roofs.size <= 8, formatter: `${number(peak, 3)} Gop/s`, color: color("muted"),
                  fontSize: 11, align: "right", verticalAlign: "bottom", offset: [-4, -2] },
    }));
    return {
      grid: { left: 62, right: 20, top: 34, bottom: 46 },
      legend: legend({ data: pointSeries(points).map((s) => s.name) }),
      tooltip: { trigger: "item", formatter: (p) => tip(p.data.point,
        ["throughput_gop_s", "operations_per_byte", "array_peak_gop_s", "memory_peak_gb_s"].filter(has)) },
      xAxis: axis({ type: "log", name: "operations per byte of DMA", min: low, max: high }),
      yAxis: axis({ type: "log", name: "Gop/s", nameGap: 44 }),
      series: [...lines, ...pointSeries(points, "operations_per_byte", "throughput_gop_s")],
    };
  }

  // Points as scatter series, a colour each value of the first key that has few.
  const coloured = varied.find((key) => values.get(key).length <= 8) ?? null;

  function pointSeries(points, x, y) {
    const groups = coloured ? values.get(coloured) : [null];
    return groups.map((group, index) => ({
      type: "scatter", z: 3, symbolSize: 10, itemStyle: { color: palette()[index], opacity: 0.85,
        borderColor: color("card"), borderWidth: 1 },
      symbol: look(index).symbol,
      name: group === null ? "points" : brief(coloured, group),
      data: points.filter((p) => group === null || text(p.swept[coloured]) === text(group))
        .map((p) => ({ value: [p.measured[x], p.measured[y]], point: p })),
    }));
  }
  const colourNote = () => {
    for (const id of ["roofline-colours", "pareto-colours"]) {
      $(id).textContent = coloured ? `Colours: ${full(coloured)}.` : "";
    }
  };

  // ---- Pareto front -----------------------------------------------------------------------------

  // Points that no other beats in one column without losing in the other, from left to right.
  function front(points, x, y, xSense, ySense) {
    const sorted = [...points].sort((a, b) =>
      xSense * (a.measured[x] - b.measured[x]) || ySense * (a.measured[y] - b.measured[y]));
    const kept = [];
    let best = Infinity;
    for (const p of sorted) {
      const value = ySense * p.measured[y];
      if (value < best) kept.push(p);
      best = Math.min(best, value);
    }
    return kept;
  }

  function paretoOption() {
    const x = $("pareto-x").value, y = $("pareto-y").value;
    const points = good.filter((p) => Number.isFinite(p.measured[x]) && Number.isFinite(p.measured[y]));
    $("pareto-front").textContent = "";
    if (points.length === 0) return null;
    const best = front(points, x, y, Number($("pareto-x-sense").value), Number($("pareto-y-sense").value));
    $("pareto-front").textContent = "On the front: " +
      best.slice(0, 12).map((p) => `point ${p.point} (${named(p)})`).join("; ") +
      (best.length > 12 ? `; and ${best.length - 12} more` : "") + ".";
    const type = (name) => scaleOf(points.map((p) => p.measured[name]));
    return {
      grid: { left: 80, right: 24, top: 34, bottom: 46 },
      legend: legend({ data: pointSeries(points, x, y).map((s) => s.name) }),
      tooltip: { trigger: "item", formatter: (p) => (p.data.point ? tip(p.data.point, [x, y]) : "") },
      xAxis: axis({ ...measured(x), type: type(x), scale: true }),
      yAxis: axis({ ...measured(y), type: type(y), scale: true, nameGap: 62 }),
      series: [
        { type: "line", name: "front", step: "end", silent: true, z: 2, symbol: "emptyCircle", symbolSize: 17,
          lineStyle: { color: color("ink"), width: 1.5, type: "dashed" }, itemStyle: { color: color("ink") },
          data: best.map((p) => [p.measured[x], p.measured[y]]) },
        ...pointSeries(points, x, y)],
    };
  }

  function pareto() {
    const changing = measuredNames.filter((n) =>
      new Set(good.map((p) => p.measured[n])).size > 1);
    const entries = (changing.length ? changing : measuredNames).map((n) => [n, label(n)]);
    const first = (...names) => names.find((n) => changing.includes(n)) ?? entries[0]?.[0];
    options($("pareto-x"), entries, first("array_peak_gop_s", "memory_peak_gb_s",
                                          "epochcore.counters.dma_read_bytes"));
    options($("pareto-y"), entries, first("active_time_ns", "simulated_time_ns"));
    const entry = chart($("pareto"), paretoOption);
    for (const id of ["pareto-x", "pareto-y", "pareto-x-sense", "pareto-y-sense"]) {
      $(id).addEventListener("change", () => entry.draw());
    }
  }

  // ---- stalls -----------------------------------------------------------------------------------

  const causes = ["useful", "fill_drain", "port_limited", "coefficients", "input_starved",
                  "output_blocked", "dependency", "command_wait"]
    .map((name) => `epochcore.counters.cause_${name}`).concat("array_idle_cycles");
  // Work in blues and greens, waiting in warm colours.
  const causeColors = { light: ["#2563c9", "#8fb4ee", "#16876b", "#7cc7b2", "#d9601a", "#f0a878", "#b8860b", "#c2387f", "#b9c1ca"],
                        dark: ["#6ea4ff", "#35568c", "#4cc9a4", "#26735d", "#ff9a5c", "#a35f36", "#e3b341", "#f27fb4", "#4a5561"] };

  function stallOption() {
    const points = good.filter((p) => causes.some((c) => p.measured[c] > 0));
    if (points.length === 0) return null;
    const share = $("stalls-unit").value === "share";
    const total = (p) => causes.reduce((sum, c) => sum + (p.measured[c] ?? 0), 0);
    const shown = causes.filter((c) => points.some((p) => p.measured[c] > 0));
    const narrow = innerWidth < 700;
    const visible = 40;
    const colors = causeColors[document.documentElement.dataset.theme];
    return {
      grid: { left: narrow ? 44 : 16, right: points.length > visible ? 48 : 20, top: 40, bottom: 40,
              containLabel: !narrow },
      legend: legend({ formatter: (n) => n }),
      tooltip: { trigger: "item", formatter: (p) => tip(p.data.point, [causes[p.data.cause]]) +
        ` (${number(100 * p.data.point.measured[causes[p.data.cause]] / total(p.data.point), 3)} %)` },
      dataZoom: points.length > visible
        ? [{ type: "slider", yAxisIndex: 0, right: 8, width: 16, startValue: 0, endValue: visible - 1,
             borderColor: color("line"), textStyle: { color: color("muted") } },
           { type: "inside", yAxisIndex: 0, zoomOnMouseWheel: false, moveOnMouseWheel: true }] : [],
      xAxis: axis({ type: "value", name: share ? "% of active cycles" : "array cycles", max: share ? 100 : null }),
      yAxis: axis({ type: "category", inverse: true, splitLine: { show: false },
                    data: points.map((p) => (narrow ? String(p.point)
                                         : [p.point, ...varied.map((k) => brief(k, p.swept[k]))].join("   "))),
                    axisLabel: { color: color("muted"), fontSize: 11, width: 300, overflow: "truncate" } }),
      series: shown.map((cause) => ({
        type: "bar", stack: "all", barMaxWidth: 18, name: short(cause).replace("cause ", ""),
        itemStyle: { color: colors[causes.indexOf(cause)] },
        data: points.map((p) => ({ cause: causes.indexOf(cause), point: p,
          value: share ? 100 * (p.measured[cause] ?? 0) / total(p) : p.measured[cause] ?? 0 })),
      })),
    };
  }

  function stalls() {
    $("stalls").style.height = `${110 + 22 * Math.min(Math.max(good.length, 4), 40)}px`;
    $("stalls-labels").textContent = varied.length ? `Bars: point, ${varied.map(full).join(", ")}.` : "";
    const entry = chart($("stalls"), stallOption);
    $("stalls-unit").addEventListener("change", () => entry.draw());
  }

  // ---- table ------------------------------------------------------------------------------------

  const tableColumns = [
    { name: "point", of: (p) => p.point },
    ...data.keys.map((key) => ({ name: shortKey(key), title: key, of: (p) => p.swept[key] })),
    { name: "status", of: (p) => p.status, text: true },
    ...(failed.length ? [{ name: "error", of: (p) => p.error, text: true }] : []),
    ...data.columns.map((c) => ({ name: short(c.name), title: `${c.name}: ${c.description}`, unit: c.unit,
                                  of: (p) => p.measured[c.name] })),
  ];
  let sorting = { column: tableColumns[0], sense: 1 };

  function compare(a, b) {
    const [x, y] = [sorting.column.of(a), sorting.column.of(b)];
    if (x === null || y === null) return (x === null) - (y === null);  // what is missing comes last
    const order = typeof x === "number" && typeof y === "number" ? x - y : text(x).localeCompare(text(y));
    return sorting.sense * order || a.point - b.point;
  }

  function cell(point, column) {
    const value = column.of(point);
    const shown = typeof value === "number" && !Number.isInteger(value) ? String(Number(value.toPrecision(6))) : text(value);
    const classes = [column.text || typeof value === "string" ? "text" : "", column.name === "error" ? "error" : "",
                     column.name === "status" ? `status-${point.status}` : ""];
    return element("td", { class: classes.join(" ").trim() }, shown);
  }

  function fillTable() {
    const heads = tableColumns.map((column) => {
      const button = element("button", { type: "button" }, column.name);
      if (column.unit) button.append(element("small", {}, column.unit));
      button.addEventListener("click", () => {
        sorting = { column, sense: sorting.column === column ? -sorting.sense : 1 };
        fillTable();
        $("table").querySelectorAll("th button")[tableColumns.indexOf(column)].focus();
      });
      const attributes = { scope: "col", class: column.text ? "text" : "", title: column.title ?? "" };
      if (sorting.column === column) attributes["aria-sort"] = sorting.sense > 0 ? "ascending" : "descending";
      return element("th", attributes, button);
    });
    const rows = [...data.points].sort(compare).map((point) =>
      element("tr", { class: point.status }, ...tableColumns.map((column) => cell(point, column))));
    $("table").replaceChildren(element("thead", {}, element("tr", {}, ...heads)),
                               element("tbody", {}, ...rows));
  }

  header();
  curves();
  colourNote();
  chart($("roofline"), rooflineOption);
  pareto();
  stalls();
  fillTable();
  epoch.applyTheme();
})();
