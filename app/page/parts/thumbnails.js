export default function ({ parentElement, data }) {
  const face = parentElement.querySelector(".face");
  const places = new Map(data.positions.map((position, index) => [position, index]));
  const tall = Math.ceil(data.positions.length / data.columns);
  face.style.backgroundImage = `url(${data.sheet})`;
  face.style.backgroundSize = `${data.columns * data.width}px ${tall * data.height}px`;
  face.style.width = `${data.width}px`;
  face.style.height = `${data.height}px`;
  const hide = () => { face.style.display = "none"; };
  const show = (event) => {
    const point = event.points && event.points[0];
    const index = point && places.get([].concat(point.customdata)[0]);
    if (index === undefined || !event.event) return hide();
    const left = (index % data.columns) * data.width;
    const top = Math.floor(index / data.columns) * data.height;
    face.style.backgroundPosition = `-${left}px -${top}px`;
    const { clientX, clientY } = event.event;
    const x = clientX + 18 + data.width > innerWidth ? clientX - 18 - data.width : clientX + 18;
    const y = clientY + 40 + data.height > innerHeight ? clientY - 40 - data.height : clientY + 40;
    face.style.transform = `translate(${Math.max(0, x)}px, ${Math.max(0, y)}px)`;
    face.dataset.position = String([].concat(point.customdata)[0]);
    face.style.display = "block";
  };
  const heard = [];
  const listen = () => {
    for (const name of data.charts) {
      const chart = document.querySelector(`.st-key-${name} .js-plotly-plot`);
      if (!chart || !chart.on || heard.includes(chart)) continue;
      chart.on("plotly_hover", show);
      chart.on("plotly_unhover", hide);
      chart.addEventListener("mouseleave", hide);
      heard.push(chart);
    }
  };
  // Streamlit draws charts when it likes, and anew when they change
  const watch = new MutationObserver(listen);
  watch.observe(document.body, { childList: true, subtree: true });
  listen();
  return () => {
    watch.disconnect();
    for (const chart of heard) {
      chart.removeListener && chart.removeListener("plotly_hover", show);
      chart.removeListener && chart.removeListener("plotly_unhover", hide);
      chart.removeEventListener("mouseleave", hide);
    }
    hide();
  };
}
