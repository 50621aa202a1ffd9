// The first page: a recorded training under a slider, and the reader's work as a file.
"use strict";

const figure = document.querySelector(".recorded"), [image, slider, words] =
  ["img", "input", "output"].map(what => figure.querySelector(what));
const frames = JSON.parse(figure.dataset.frames), pictures = [];
slider.addEventListener("input", () => {
  const [file, said] = frames[slider.value];
  image.src = file;
  words.textContent = said;
});
addEventListener("load", () => frames.forEach(([file], k) => {  // so that none is waited for
  pictures[k] = new Image();
  pictures[k].src = file;
}));
slider.dispatchEvent(new Event("input"));  // after a reload the browser keeps the slider's place

// JupyterLite keeps a reader's files in a database of the browser, path -> file; it begins with none.
const KIND = "work from XOR to MNIST", STORE = "files";
const NAME = `JupyterLite Storage - ${new URL("lab/", location.href).pathname}`;
const answered = request => new Promise((done, failed) => {
  request.onsuccess = () => done(request.result);
  request.onerror = () => failed(request.error);
});
const PROGRESS = "my_files/progress.json";
const database = () => {
  const request = indexedDB.open(NAME);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return answered(request);
};
const said = text => { document.getElementById("said").textContent = text; };
const guarded = action => async event => {
  try { await action(event); } catch (error) { said(error.message); }
};

document.getElementById("save").addEventListener("click", guarded(async () => {
  const db = await database(), store = db.transaction(STORE).objectStore(STORE);
  const [paths, files] = await Promise.all([store.getAllKeys(), store.getAll()].map(answered));
  db.close();
  if (!paths.length) throw Error("There is no work of yours in this browser yet.");
  const work = { kind: KIND, files: Object.fromEntries(paths.map((path, k) => [path, files[k]])) };
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([JSON.stringify(work)], { type: "application/json" }));
  link.download = `my-work-${new Date().toISOString().slice(0, 10)}.json`;
  link.click();
  URL.revokeObjectURL(link.href);
  said(`Saved: ${paths.length} files.`);
}));

document.getElementById("load").addEventListener("change", guarded(async event => {
  const [file] = event.target.files;
  if (!file) return;
  event.target.value = "";  // the same file may be chosen again
  let work;
  try { work = JSON.parse(await file.text()); } catch { work = null; }
  const files = work?.kind === KIND && work.files;
  if (!files || typeof files !== "object" || !Object.values(files).every(f => f?.path && f.type))
    throw Error(`${file.name} isn't a file that "Save my work" has made. Nothing was changed.`);
  const db = await database(), change = db.transaction(STORE, "readwrite");
  for (const [path, contents] of Object.entries(files)) change.objectStore(STORE).put(contents, path);
  await new Promise((done, failed) => {
    change.oncomplete = done;
    change.onabort = () => failed(change.error);
  });
  db.close();
  await showProgress();
  said(`Loaded: ${Object.keys(files).length} files. Notebooks that are open show them after a reload.`);
}));

// The map says what has been done. A kernel's files are kept as base64, those of the lab as text.
const text = ({ format, content }) => format === "base64"
  ? new TextDecoder().decode(Uint8Array.from(atob(content), letter => letter.charCodeAt(0)))
  : typeof content === "string" ? content : JSON.stringify(content);
const showProgress = async () => {
  const known = await indexedDB.databases();
  if (!known.some(each => each.name === NAME)) return;  // nobody has been in the lab yet
  const db = await database();
  const file = await answered(db.transaction(STORE).objectStore(STORE).get(PROGRESS));
  db.close();
  if (!file) return;
  const { passed } = JSON.parse(text(file));
  for (const row of document.querySelectorAll("[data-lesson]")) {
    const { lesson, exercises } = row.dataset;
    const done = Object.keys(passed).filter(name => name.startsWith(`${lesson}.`)).length;
    row.querySelector(".done").textContent = done ? `${done} of ${exercises} exercises done` : "";
  }
};
addEventListener("pageshow", guarded(showProgress));
