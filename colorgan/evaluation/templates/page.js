// The slider between two systems. Everything else on the page does without script.
(() => {
  const box = document.querySelector('.compare'); if (!box) return;
  const stage = box.querySelector('.stage'), [under, over] = stage.querySelectorAll('img');
  const [photo, left, right] = box.querySelectorAll('select'), slider = box.querySelector('input');
  const find = system => document.querySelector(`img[data-photo="${photo.value}"][data-system="${system}"]`);
  const show = () => { over.src = find(left.value).src; under.src = find(right.value).src;
    over.alt = left.selectedOptions[0].text; under.alt = right.selectedOptions[0].text; };
  [photo, left, right].forEach(choice => choice.addEventListener('change', show));
  slider.addEventListener('input', () => stage.style.setProperty('--at', slider.value + '%'));
  stage.addEventListener('pointermove', event => { if (event.buttons || event.pointerType === 'mouse') {
    const at = 100 * (event.clientX - stage.getBoundingClientRect().left) / stage.clientWidth;
    slider.value = at; stage.style.setProperty('--at', slider.value + '%'); } });
})();
