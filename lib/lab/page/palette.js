/** The colours of drawings for documents, distinguishable without red and green. base.css has the same for the page (a test compares them). */

export const LIGHT = {
  '--ground': '#f5f7f9',
  '--surface': '#ffffff',
  '--sunken': '#eef1f5',
  '--line': '#d3dae2',
  '--text': '#18222e',
  '--muted': '#526070',
  '--blue': '#0b5fa5',
  '--teal': '#00705a',
  '--amber': '#8a5200',
  '--red': '#b03a0c',
  '--purple': '#7a3f86',
  '--blue-soft': '#e1eefa',
  '--teal-soft': '#dcf2ec',
  '--amber-soft': '#fdeed3',
  '--red-soft': '#fde7dd',
  '--purple-soft': '#f3e6f5',
}
