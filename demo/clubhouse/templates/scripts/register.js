// The button stays off until the form is complete.
const form = document.getElementById("register");
const button = form.querySelector("button");

function refresh() {
  const texts = ["name", "email", "password", "club"].every((name) => form.elements[name].value.trim() !== "");
  button.disabled = !(texts && form.elements.terms.checked);
}

form.addEventListener("input", refresh);
addEventListener("pageshow", refresh);
refresh();
