/**
 * The colours, which can also be distinguished without telling red from green. base.css has the same for the page (a test
 * compares them).
 */

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

export const DARK = {
  '--ground': '#0e1319',
  '--surface': '#161d26',
  '--sunken': '#1e2731',
  '--line': '#334050',
  '--text': '#e7edf3',
  '--muted': '#a5b2bf',
  '--blue': '#6fbcf5',
  '--teal': '#58d3ae',
  '--amber': '#f2b65a',
  '--red': '#ff9a73',
  '--purple': '#dda6e6',
  '--blue-soft': '#16304a',
  '--teal-soft': '#123a31',
  '--amber-soft': '#3c2d12',
  '--red-soft': '#45210f',
  '--purple-soft': '#3a2540',
}
