/* What all dialogs do: a click on the close button or beside the sheet closes them; the browser itself keeps the focus
 * inside, closes on Escape, and gives the focus back.
 */
import { $ } from "/web/dom.js";

/* mayClose: asked before anything but the dialog's own code closes it. */
export function prepare(dialog, mayClose = () => true) {
	const close = () => mayClose() && dialog.close();

	dialog.addEventListener("cancel", (event) => {
		if (!mayClose())
			event.preventDefault();
	});
	let pressed = null;     // a press that began on the sheet and ended outside, such as marking text, closes nothing
	dialog.addEventListener("pointerdown", (event) => { pressed = event.target; });
	dialog.addEventListener("click", (event) => {
		if (event.target === dialog && pressed === dialog)
			close();
	});
	for (const button of dialog.querySelectorAll("[data-close]"))
		button.addEventListener("click", close);
}

/* Says what is wrong with a form: in words, at the field it is about, which gets the focus. "" takes it back. */
export function complain(problem, text, field = null) {
	for (const other of problem.closest("form").querySelectorAll("[aria-invalid]"))
		other.removeAttribute("aria-invalid");
	problem.textContent = text;
	if (text && field) {
		field.setAttribute("aria-invalid", "true");
		field.setAttribute("aria-errormessage", problem.id);
		field.focus();
	}
}

/* A question with two answers; true for the second, the one that does it. */
export function ask({ title, text, no, yes }) {
	const dialog = $("ask-dialog");

	$("ask-title").textContent = title;
	$("ask-text").textContent = text;
	$("ask-no").textContent = no;
	$("ask-yes").textContent = yes;
	return new Promise((resolve) => {
		let answer = false;
		$("ask-yes").onclick = () => {
			answer = true;
			dialog.close();
		};
		$("ask-no").onclick = () => dialog.close();
		dialog.onclose = () => resolve(answer);
		dialog.showModal();
	});
}
