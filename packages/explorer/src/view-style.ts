import { ask } from './site.ts';

/** Adds the style of the report's views to the page, once. */
export function addViewStyle(): void {
  if (document.getElementById('view-style') !== null) return;
  const style = document.createElement('style');
  style.id = 'view-style';
  document.head.append(style);
  void ask('data/views.css')
    .then(response => response.text())
    .then(text => {
      style.textContent = text;
    });
}
