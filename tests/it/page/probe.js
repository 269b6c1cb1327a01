// Run by the browser in a copy of the page, in a frame that it tells: a line for each thing looked at, empty where nothing is wrong.
const all = (selector) => [...document.querySelectorAll(selector)];
const name = (element) => element.closest("figure, section, header, footer")?.id + ":" + (element.textContent || "").trim().slice(0, 30);
const charts = all("svg.chart");

// A chart is drawn if shapes of some size stand in it.
const hasSize = (shape) => { const box = shape.getBoundingClientRect(); return box.width + box.height > 1 };
const isEmpty = (chart) => [...chart.querySelectorAll("path, rect:not([width='100%']), line")].filter(hasSize).length < 4;

// Labels stay within their figure.
const isOutside = (text) => {
  const inner = text.getBoundingClientRect(), outer = text.closest("figure").getBoundingClientRect();
  return inner.left < outer.left - 1 || inner.right > outer.right + 1 || inner.bottom > outer.bottom + 1;
};

// WCAG contrast of a text against the first background behind it.
const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = (colour) => {
  const part = colour.slice(0, 3).map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * part[0] + 0.7152 * part[1] + 0.0722 * part[2];
};
const background = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = rgb(getComputedStyle(at).backgroundColor);
    if (colour[3] > 0) return colour;
  }
  return [255, 255, 255, 255];
};
const contrast = (element) => {
  const style = getComputedStyle(element);
  const ink = luminance(rgb(element.closest("svg") ? style.fill : style.color)), paper = luminance(background(element));
  return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05);
};
const texts = all("h1, h2, h3, p, dt, dd, b, a:not(.skip), summary, th, td, code, pre, li, svg.chart text");
const isPale = (element) => element.getClientRects().length && element.textContent.trim() && contrast(element) < 4.5;

const ids = all("[id]").map((element) => element.id);
const lost = all("a[href]").map((link) => link.getAttribute("href")).filter((href) => href[0] !== "#" || !document.getElementById(href.slice(1)));
const unnamed = all("svg.chart, [role=region], nav").filter((element) => !(element.getAttribute("aria-label") || "").trim());

const look = () => {
  const found = {
    width: innerWidth,
    charts: charts.length,
    dark: luminance(background(document.body)) < 0.2,
    loads: performance.getEntriesByType("resource").map((entry) => entry.name),
    empty_charts: charts.filter(isEmpty).map(name),
    outside: all("svg.chart text").filter(isOutside).map(name),
    wider: document.documentElement.scrollWidth > innerWidth ? document.documentElement.scrollWidth : "",
    pale: texts.filter(isPale).map(name),
    twice: ids.filter((id, place) => ids.indexOf(id) !== place),
    lost_links: lost,
    unnamed: unnamed.map(name),
  };
  const lines = Object.entries(found).map(([key, value]) => key + "=" + value);
  parent.postMessage(lines.join("\n"), "*");
};
addEventListener("load", look);
