"use strict";
// Buttons that copy what they name. They are hidden without this file: text can be selected, too.

for (const button of document.querySelectorAll("button[data-copies]")) {
  button.hidden = false;
  button.addEventListener("click", async () => {
    const text = document.getElementById(button.dataset.copies);
    try {
      await navigator.clipboard.writeText(text.textContent);
      button.textContent = button.dataset.done;
    } catch {
      window.getSelection().selectAllChildren(text);
    }
  });
}
