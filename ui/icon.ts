/** The mark in the browser's tab: a harbour's light. Reads on dark and light. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">
<rect width="32" height="32" rx="8" fill="#1f6f6b"/>
<circle cx="16" cy="11" r="4" fill="#fff"/><path d="M13 16h6l2 11H11z" fill="#fff" opacity=".85"/>
</svg>`;
