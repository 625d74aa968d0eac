export default function ({ parentElement, data }) {
  for (const button of parentElement.querySelectorAll("button")) {
    const format = button.dataset.format;
    button.setAttribute("aria-label", `${format.toUpperCase()} picture of: ${data.alt}`);
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
      const camera = chart && chart.querySelector(".modebar-btn");
      if (!camera) return;
      const { width, height } = chart.getBoundingClientRect();
      chart._context.toImageButtonOptions = { format, filename: data.file, width, height, scale: 2 };
      camera.dispatchEvent(new MouseEvent("click", { bubbles: false }));
    };
  }
}
