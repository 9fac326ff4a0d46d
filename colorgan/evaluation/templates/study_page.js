// A study: pairs of photos, one choice each. The page does not know which photos of the study are real.
(() => {
  const study = JSON.parse(document.querySelector('#study').textContent);
  const element = name => document.querySelector(`#${name}`);
  const choices = [...document.querySelectorAll('.choice')], answers = [];
  const name = participant(), random = generator(`${study.study} ${name}`);
  const pairs = [...study.practice, ...shuffled(seenPairs())];
  let position = -1, first = 0, shownAt = 0, isOpen = false, timer = 0;

  // Given in the address, as in study.html#p07, or drawn. Order and sides follow from it.
  function participant() {
    const given = decodeURIComponent(location.hash.slice(1)).replace(/[^A-Za-z0-9_-]/g, '').slice(0, 64);
    return given || [...crypto.getRandomValues(new Uint8Array(8))].map(byte => byte.toString(16).padStart(2, '0')).join('');
  }

  // A linear congruential generator whose state is a hash of the text; good enough for orders.
  function generator(text) {
    let state = 7n;
    const step = value => { state = (state * 6364136223846793005n + BigInt(value) * 2n + 1n) & 0xffffffffffffffffn; };
    [...text].forEach(character => step(character.codePointAt(0)));
    for (let round = 0; round < 8; round++) step(round);
    return count => { step(0); return Number((state >> 33n) % BigInt(count)); };
  }

  function shuffled(items) {
    for (let last = items.length - 1; last > 0; last--) {
      const other = random(last + 1);
      [items[last], items[other]] = [items[other], items[last]];
    }
    return items;
  }

  // Each photo once, with one of the systems: the next one for the next photo.
  function seenPairs() {
    let turn = random(1 << 20);
    return study.groups.map(group => (group.length > 1 ? group[turn++ % group.length] : group[0]));
  }

  function show(section) {
    for (const other of ['welcome', 'trial', 'end']) element(other).hidden = other !== section;
  }

  async function next() {
    position += 1;
    if (position === pairs.length) return end();
    const pair = pairs[position], isPractice = position < study.practice.length;
    isOpen = false;
    first = random(2);
    element('next').hidden = true;
    element('feedback').textContent = '';
    element('pair').classList.add('gone');
    element('pair').classList.toggle('landscape', pair.width > pair.height);
    element('progress').textContent = isPractice ? `Practice ${position + 1} of ${study.practice.length}`
      : `Pair ${position + 1 - study.practice.length} of ${pairs.length - study.practice.length}`;
    const images = choices.map(choice => choice.querySelector('img'));
    const scale = Math.min(2, Math.max(1, 320 / Math.max(pair.width, pair.height))); // small photos are enlarged
    images.forEach((image, side) => {
      [image.width, image.height] = [pair.width * scale, pair.height * scale];
      image.src = pair.images[side === 0 ? first : 1 - first];
    });
    choices.forEach(choice => { choice.disabled = false; });
    await Promise.all(images.map(image => image.decode()));
    await new Promise(resolve => { setTimeout(resolve, 300); }); // a pause without photos, so that the next pair is seen to be new
    element('pair').classList.remove('gone');
    [shownAt, isOpen] = [performance.now(), true];
    if (study.milliseconds) timer = setTimeout(() => element('pair').classList.add('gone'), study.milliseconds);
  }

  function choose(side) {
    if (!isOpen) return;
    isOpen = false;
    clearTimeout(timer);
    const pair = pairs[position], chosen = side === 0 ? first : 1 - first;
    answers.push({ pair: pair.name, first, chosen, milliseconds: Math.round(performance.now() - shownAt) });
    if (pair.real === undefined) { next(); return; }
    const isRight = chosen === pair.real, real = pair.real === first ? 1 : 2;
    element('pair').classList.remove('gone');
    element('feedback').className = isRight ? 'right' : 'wrong';
    element('feedback').textContent = isRight ? 'Right.' : `No, photo ${real} is the real one.`;
    choices.forEach(choice => { choice.disabled = true; });
    element('next').hidden = false;
    element('next').focus();
  }

  const result = () => JSON.stringify({ format: study.format, study: study.study, participant: name, answers }, null, 1);

  async function end() {
    show('end');
    element('thanks').focus();
    const outcome = element('outcome'), send = 'Save your answers, and send the file to whoever invited you.';
    outcome.textContent = send;
    if (!location.protocol.startsWith('http')) return;
    outcome.textContent = 'Sending your answers …';
    try {
      const response = await fetch('answers', { method: 'POST', headers: { 'content-type': 'application/json' }, body: result() });
      const reply = response.ok ? {} : await response.json().catch(() => ({}));
      outcome.textContent = response.ok ? 'Your answers are stored. You can close this page.' : `Your answers could not be stored${reply.error ? ` (${reply.error})` : ''}. ${send}`;
      element('save').hidden = response.ok;
    } catch {
      outcome.textContent = `Your answers could not be sent. ${send}`;
    }
    if (!element('save').hidden) element('save').focus();
  }

  element('save').addEventListener('click', () => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([result()], { type: 'application/json' }));
    link.download = `answers-${name}.json`;
    link.click();
  });
  element('start').addEventListener('click', () => {
    show('trial');
    element('question').focus();
    next();
  });
  element('next').addEventListener('click', () => { element('question').focus(); next(); });
  choices.forEach((choice, side) => choice.addEventListener('click', () => choose(side)));
  document.addEventListener('keydown', event => {
    const side = { 1: 0, 2: 1, ArrowLeft: 0, ArrowRight: 1 }[event.key];
    if (side !== undefined && !element('trial').hidden && !event.ctrlKey && !event.metaKey && !event.altKey) choose(side);
  });
  window.addEventListener('beforeunload', event => { if (answers.length && position < pairs.length) event.preventDefault(); });

  element('count').textContent = pairs.length;
  const minutes = Math.max(1, Math.round(pairs.length * 5 / 60));
  element('minutes').textContent = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  element('practice-note').hidden = !study.practice.length;
  element('time-note').hidden = !study.milliseconds;
  const seconds = (study.milliseconds || 0) / 1000;
  element('time').textContent = seconds === 1 ? 'one second' : `${seconds} seconds`;
})();
