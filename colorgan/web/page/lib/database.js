/**
 * The browser's database of this page: values by key, in a few stores.
 *
 * Every use is a transaction of its own, so these lines are less than the smallest library for IndexedDB.
 */

const NAME = "colorgan";
const STORES = ["photos", "albums", "files", "thumbnails", "references"];

let opening = null;

/** Puts a value under a key; resolves when it is on the disk. */
export async function put(store, key, value) {
  await change([[store, key, value]]);
}

/** Puts and removes values, all of them or none: a list of [store, key, value], without a value to remove one. */
export async function change(changes) {
  const stores = [...new Set(changes.map(([store]) => store))];
  if (stores.length === 0) return;
  await transact(stores, "readwrite", (transaction) => {
    for (const [store, key, value] of changes) {
      const objects = transaction.objectStore(store);
      if (value === undefined) objects.delete(key);
      else objects.put(value, key);
    }
  });
}

/** The value under a key, or undefined. */
export function get(store, key) {
  return transact(store, "readonly", (transaction) => transaction.objectStore(store).get(key));
}

/** All values of a store. */
export function getAll(store) {
  return transact(store, "readonly", (transaction) => transaction.objectStore(store).getAll());
}

/** A copy of a file's content: of a file on the disk, a database may keep but the path. */
export async function copyOf(file) {
  return new Blob([await file.arrayBuffer()], { type: file.type });
}

async function transact(stores, mode, send) {
  opening ??= open();
  const database = await opening.catch((error) => {
    opening = null; // the next use tries again
    throw error;
  });
  return new Promise((resolve, reject) => {
    const transaction = database.transaction(stores, mode);
    const request = send(transaction);
    transaction.oncomplete = () => resolve(request?.result);
    transaction.onabort = () => reject(transaction.error ?? request?.error); // a full disk has only the former
    transaction.commit();
  });
}

function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => STORES.forEach((store) => request.result.createObjectStore(store));
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = database.onclose = () => { // a newer page needs it, or the user has cleared it
        database.close();
        opening = null;
      };
      resolve(database);
    };
  });
}
