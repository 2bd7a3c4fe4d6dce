/** What the instances of a workload used lately: a number and a line each for CPU and memory. */
import { cpuText, memoryText, type SlotUsage, type UsageSeries } from "../src/model/usage.ts";

/** How far back a line goes; one unit of the drawing is a second. */
const SPAN_S = 600;
const HEIGHT = 40;
/** A longer silence than this is a gap: nothing ran, or nobody looked. Samples are 30 s apart at most. */
const GAP_S = 75;
/** A service that idles shows a quiet line at the foot, not its noise blown up. */
const LEAST_CPU_TOP = 10;

export function UsageGraphs({ usage, now }: { usage: UsageSeries; now: number }) {
  const shown = usage.instances.filter((instance) => instance.at.length > 1);
  if (shown.length === 0) return null;
  return (
    <section aria-label="Use">
      <h2>The last 10 minutes</h2>
      {shown.map((slotUsage) => <SlotGraphs slot={slotUsage} named={usage.instances.length > 1} now={now} />)}
    </section>
  );
}

function SlotGraphs({ slot, named, now }: { slot: SlotUsage; named: boolean; now: number }) {
  const of = named ? ` of slot ${slot.slot}` : "";
  const ages = slot.at.map((at) => (now - Date.parse(at)) / 1000);
  return (
    <div class="use">
      {named && <div class="small quiet">Slot {slot.slot}</div>}
      <Graph label={`CPU${of}`} ages={ages} values={slot.cpu_percent} text={cpuText} leastTop={LEAST_CPU_TOP} />
      <Graph label={`Memory${of}`} ages={ages} values={slot.memory_bytes} text={memoryText} leastTop={1} />
    </div>
  );
}

interface GraphProps {
  label: string;
  ages: number[];
  values: (number | null)[];
  text(value: number): string;
  /** The height of the drawing stands for this much at least. */
  leastTop: number;
}

function Graph({ label, ages, values, text, leastTop }: GraphProps) {
  const known = values.filter((value) => value !== null);
  if (known.length === 0) return <div class="graph small quiet">{label}: not counted on this device</div>;
  const [least, most] = [Math.min(...known), Math.max(...known)];
  const runs = (ages.at(-1) ?? Infinity) <= GAP_S;
  const last = runs ? values.at(-1) ?? null : null;
  const lines = pieces(ages, values).map((piece) => path(piece, Math.max(leastTop, most * 1.15)));
  return (
    <div class="graph">
      <div class="reading">
        <span class="small quiet">{label.split(" ")[0]}</span>
        {last !== null && <span class="now">{text(last)}</span>}
        <span class="small quiet most">at most {text(most)}</span>
      </div>
      <svg
        viewBox={`0 0 ${SPAN_S} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={`${label} over the last 10 minutes: ${last === null ? "" : `now ${text(last)}, `}between ${
          text(least)
        } and ${text(most)}`}
      >
        {lines.map(({ area, line }) => (
          <>
            <path class="area" d={area} />
            <path class="line" d={line} />
          </>
        ))}
      </svg>
    </div>
  );
}

type Point = { age: number; value: number };

/** Runs of samples with neither a gap in time nor an unknown value between them. */
export function pieces(ages: readonly number[], values: readonly (number | null)[]): Point[][] {
  const found: Point[][] = [];
  let open: Point[] | null = null;
  for (const [index, age] of ages.entries()) {
    const value = values[index] ?? null;
    const before = open?.at(-1);
    if (value === null || age > SPAN_S) {
      open = null;
      continue;
    }
    if (open === null || before === undefined || before.age - age > GAP_S) found.push(open = []);
    open.push({ age, value });
  }
  return found.filter((piece) => piece.length > 1);
}

function path(piece: readonly Point[], top: number): { line: string; area: string } {
  const x = ({ age }: Point) => (SPAN_S - Math.max(0, age)).toFixed(0);
  const points = piece.map((point) => `${x(point)} ${(HEIGHT - point.value / top * HEIGHT).toFixed(1)}`);
  const line = `M${points.join("L")}`;
  return { line, area: `${line}V${HEIGHT}H${x(piece[0]!)}Z` };
}
