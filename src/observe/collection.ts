import type { Attributes, BatchObservableResult, Meter, Observable } from "../deps/opentelemetry.ts";
import { type InstrumentSpec, OBSERVED } from "./instruments.ts";
import type { MeterSource } from "./options.ts";
import type { SeriesTable } from "./series.ts";
import { readAll, type Watched } from "./tree_metrics.ts";

type Name = keyof typeof OBSERVED;

/** One number of one instrument. */
interface Point {
  readonly name: Name;
  readonly attributes: Attributes;
  value: number;
}

/** A counter that must not go down, though what it is read from starts again now and then. */
interface Total extends Point {
  /** What was counted before that. */
  base: number;
}

/** A system or a client whose numbers are read. */
class Source {
  readonly #watched: Watched;
  readonly #series: SeriesTable;
  readonly #totals = new Map<string, Total>();

  constructor(watched: Watched, series: SeriesTable) {
    this.#watched = watched;
    this.#series = series;
  }

  /** Its counters as far as they were read. */
  get totals(): Iterable<readonly [key: string, total: Total]> {
    return this.#totals;
  }

  /** Reads its numbers; those that go up and down are handed to `report`. */
  read(report: (key: string, point: Point) => void): void {
    readAll(this.#watched, this.#series, (name, value, attributes) => {
      const key = JSON.stringify([name, attributes]);
      if (OBSERVED[name].kind === "counter") this.#count(key, name, value, attributes);
      else report(key, { name, attributes, value });
    });
  }

  #count(key: string, name: Name, value: number, attributes: Attributes): void {
    const total = this.#totals.get(key);
    if (total === undefined) {
      this.#totals.set(key, { name, attributes, value, base: 0 });
      return;
    }
    if (value < total.value) total.base += total.value;
    total.value = value;
  }
}

/** What is watched, from outside. */
export interface Reading {
  /** Reads its counters now: something of it is about to end, and its numbers with it. */
  note(): void;
  /** Reads them for the last time. Idempotent. */
  end(): void;
}

/**
 * Reads the numbers of all systems and clients of one meter provider whenever metrics are collected, and adds them up:
 * instruments of one name may be observed only once with the same attributes. What closed systems counted stays in.
 */
export class Collection {
  static readonly #collections = new WeakMap<MeterSource, Collection>();
  readonly #meter: Meter;
  readonly #instruments = new Map<Name, Observable>();
  readonly #sources = new Set<Source>();
  /** Counters of those that are read no more. */
  readonly #retired = new Map<string, Point>();
  readonly #observe = (result: BatchObservableResult): void => this.#collect(result);

  private constructor(meter: Meter) {
    this.#meter = meter;
    for (const [name, spec] of Object.entries(OBSERVED)) {
      // The keys of `OBSERVED` are what `Name` is made of.
      this.#instruments.set(name as Name, create(meter, spec));
    }
  }

  /** The one of a provider. */
  static of(provider: MeterSource, meter: Meter): Collection {
    const found = Collection.#collections.get(provider);
    if (found !== undefined) return found;
    const collection = new Collection(meter);
    Collection.#collections.set(provider, collection);
    return collection;
  }

  /** Reads numbers from now on. */
  add(watched: Watched, series: SeriesTable): Reading {
    const source = new Source(watched, series);
    if (this.#sources.size === 0) {
      this.#meter.addBatchObservableCallback(this.#observe, [...this.#instruments.values()]);
    }
    this.#sources.add(source);
    return { note: () => source.read(() => {}), end: () => this.#remove(source) };
  }

  #remove(source: Source): void {
    if (!this.#sources.delete(source)) return;
    source.read(() => {});
    for (const [key, total] of source.totals) addTo(this.#retired, key, total);
    if (this.#sources.size > 0) return;
    this.#meter.removeBatchObservableCallback(this.#observe, [...this.#instruments.values()]);
  }

  #collect(result: BatchObservableResult): void {
    const points = new Map<string, Point>();
    for (const [key, point] of this.#retired) addTo(points, key, { ...point, base: 0 });
    for (const source of this.#sources) {
      source.read((key, point) => addTo(points, key, { ...point, base: 0 }));
      for (const [key, total] of source.totals) addTo(points, key, total);
    }
    for (const { name, attributes, value } of points.values()) {
      const instrument = this.#instruments.get(name);
      if (instrument !== undefined) result.observe(instrument, value, attributes);
    }
  }
}

function addTo(points: Map<string, Point>, key: string, { name, attributes, value, base }: Total): void {
  const point = points.get(key);
  // How old the oldest call is over all that share a queue is no sum.
  const merged = OBSERVED[name].kind === "gauge"
    ? Math.max(point?.value ?? 0, value)
    : (point?.value ?? 0) + value;
  points.set(key, { name, attributes, value: merged + base });
}

function create(meter: Meter, { name, kind, unit, description }: InstrumentSpec): Observable {
  switch (kind) {
    case "counter":
      return meter.createObservableCounter(name, { unit, description });
    case "up-down counter":
      return meter.createObservableUpDownCounter(name, { unit, description });
    case "gauge":
      return meter.createObservableGauge(name, { unit, description });
    case "histogram":
      throw new TypeError(`Cannot observe "${name}": histograms are recorded`);
  }
}
