/** What the page uses of its libraries; build.js bundles it into one file. */

import { signal, computed, effect, batch, untracked, useSignal, useComputed, useSignalEffect } from "@preact/signals";
import htm from "htm";
import { Component, createRef, Fragment, h, render } from "preact";
import { useEffect, useId, useLayoutEffect, useMemo, useRef } from "preact/hooks";

/** Markup of a component, as a tagged template. */
export const html = htm.bind(h);

export {
  batch, Component, computed, createRef, effect, Fragment, h, render, signal, untracked, useComputed, useEffect, useId, useLayoutEffect,
  useMemo, useRef, useSignal, useSignalEffect,
};
