// Draws one dashboard from frames.json, in Grafana's own components. The heatmap and the table of Grafana are plugins that no package
// has: those two are drawn plainly here.
import React from 'react';
import { createRoot } from 'react-dom/client';
import {
  applyFieldOverrides, createTheme, FieldType, getDisplayProcessor, LoadingState, standardEditorsRegistry, standardFieldConfigEditorRegistry,
  ThemeContext, toDataFrame, getFieldDisplayName,
} from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, BigValueTextMode, GlobalStyles, PanelChrome, TimeSeries, TooltipDisplayMode } from '@grafana/ui';
import all from './frames.json';

const theme = createTheme({ colors: { mode: 'light' } });
standardEditorsRegistry.setInit(() => []);
standardFieldConfigEditorRegistry.setInit(() => []);

const cell = 1480 / 24;
const rowHeight = 34;

function framesOf(panel: any, shown: any) {
  const raw = (shown.panels[panel.id] ?? []).map((f: any) => toDataFrame({
    refId: f.refId,
    fields: [
      { name: 'Time', type: FieldType.time, values: f.times, config: {} },
      { name: f.name || 'Value', type: FieldType.number, values: f.values, labels: {}, config: { displayNameFromDS: f.name || undefined } },
    ],
  }));
  return applyFieldOverrides({
    data: raw, fieldConfig: panel.fieldConfig, replaceVariables: (v: string) => v, theme, timeZone: 'utc', fieldConfigRegistry: standardFieldConfigEditorRegistry,
  });
}

function Graph({ panel, shown, width, height }: any) {
  const frames = framesOf(panel, shown);
  frames.forEach((f: any) => f.fields.forEach((field: any) => {
    if (field.type === FieldType.number) {
      const { unit, min, max, decimals } = panel.fieldConfig.defaults;
      Object.assign(field.config, { unit, min, max, decimals });
    }
    field.config.custom = { ...panel.fieldConfig.defaults.custom, ...field.config.custom };
    field.config.color ??= { mode: 'palette-classic' };
    for (const o of panel.fieldConfig.overrides) {
      const name = getFieldDisplayName(field, f, frames);
      const hit = o.matcher.id === 'byName' ? name === o.matcher.options : new RegExp(o.matcher.options.slice(1, -1)).test(name);
      if (hit) o.properties.forEach((p: any) => { field.config.custom[p.id.replace('custom.', '')] = p.value; });
    }
    field.display = getDisplayProcessor({ field, theme, timeZone: 'utc' });
  }));
  frames.forEach((f: any, i: number) => f.fields.forEach((field: any) => { field.state = { ...field.state, seriesIndex: i }; }));
  return <TimeSeries frames={frames} width={width} height={height} timeZone="utc"
    timeRange={{ from: at(shown.from), to: at(shown.to), raw: { from: '', to: '' } } as any}
    legend={{ displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] } as any}
    options={{ tooltip: { mode: TooltipDisplayMode.Multi } } as any} />;
}

function at(ms: number): any { return { valueOf: () => ms, toDate: () => new Date(ms), isValid: () => true }; }

function Stat({ panel, shown, width, height }: any) {
  const frames = framesOf(panel, shown);
  const f = frames[0];
  const value = f ? f.fields[1].values.filter((v: any) => v !== null).at(-1) : undefined;
  const name = shown.panels[panel.id]?.[0]?.name;
  const field = { name: '', type: FieldType.number, config: panel.fieldConfig.defaults, values: [] } as any;
  const display = getDisplayProcessor({ field, theme, timeZone: 'utc' })(value ?? null);
  return <BigValue theme={theme} width={width} height={height} value={name ? { ...display, text: name, suffix: '', prefix: '' } : display}
    colorMode={BigValueColorMode.None} graphMode={BigValueGraphMode.None} textMode={BigValueTextMode.Value} />;
}

function Heatmap({ panel, shown, width, height }: any) {
  const bounds = (f: any) => (f.labels.le === '+Inf' ? Infinity : Number(f.labels.le));
  const frames = [...(shown.panels[panel.id] ?? [])].sort((a: any, b: any) => bounds(a) - bounds(b));
  const bottom = 18, left = 60, h = (height - bottom) / frames.length, w = (width - left) / (frames[0]?.times.length ?? 1);
  const count = (i: number, k: number) => Math.max(0, (frames[i].values[k] ?? 0) - (i ? frames[i - 1].values[k] ?? 0 : 0));
  const most = Math.max(1, ...frames.flatMap((_: any, i: number) => frames[i].times.map((_: any, k: number) => count(i, k))));
  return <svg width={width} height={height} style={{ font: '11px sans-serif' }}>
    {frames.map((f: any, i: number) => <g key={i}>
      <text x={left - 6} y={height - bottom - i * h - 2} textAnchor="end">{f.labels.le} s</text>
      {f.times.map((_: any, k: number) => count(i, k) > 0.01 &&
        <rect key={k} x={left + k * w} y={height - bottom - (i + 1) * h} width={Math.max(w - 1, 1)} height={h - 1} fill="#e0752d" opacity={0.3 + 0.7 * count(i, k) / most} />)}
    </g>)}
  </svg>;
}

function Table({ panel, shown }: any) {
  const names: any = panel.transformations[1].options.renameByName;
  const rows: any = {};
  for (const f of shown.panels[panel.id] ?? []) {
    const key = f.labels.namespace + '/' + f.labels.pool;
    (rows[key] ??= { namespace: f.labels.namespace, pool: f.labels.pool })[names['Value #' + f.refId]] = f.values.filter((v: any) => v !== null).at(-1);
  }
  const columns = ['namespace', 'pool', ...Object.values(names)] as string[];
  return <table style={{ width: '100%', textAlign: 'left' }}>
    <thead><tr>{columns.map((c) => <th key={c}>{c}</th>)}</tr></thead>
    <tbody>{Object.values(rows).map((r: any) => <tr key={r.pool}>{columns.map((c) => <td key={c}>{typeof r[c] === 'number' ? Math.round(r[c] * 10) / 10 : r[c]}</td>)}</tr>)}</tbody>
  </table>;
}

const kinds: any = { timeseries: Graph, stat: Stat, heatmap: Heatmap, table: Table };

function Dashboard({ shown }: any) {
  const bottom = Math.max(...shown.dashboard.panels.map((p: any) => p.gridPos.y + p.gridPos.h));
  return <div style={{ position: 'relative', width: 1500, height: bottom * rowHeight + 60, background: theme.colors.background.canvas }}>
    <h3 style={{ margin: 0, padding: '14px 12px' }}>{shown.dashboard.title}</h3>
    {shown.dashboard.panels.map((p: any) => {
      const g = p.gridPos, style: any = { position: 'absolute', left: 10 + g.x * cell, top: 50 + g.y * rowHeight };
      if (p.type === 'row') return <h5 key={p.id} style={{ ...style, margin: 0, paddingTop: 10 }}>{p.title}</h5>;
      const Kind = kinds[p.type], width = g.w * cell - 8, height = g.h * rowHeight - 8;
      return <div key={p.id} style={style}>
        <PanelChrome title={p.title} description={p.description} width={width} height={height} loadingState={LoadingState.Done}>
          {(w: number, h: number) => (shown.panels[p.id] ?? []).length === 0 && p.type !== 'stat'
            ? <div style={{ textAlign: 'center', paddingTop: h / 2 - 10 }}>No data</div>
            : <Kind panel={p} shown={shown} width={w} height={h} />}
        </PanelChrome>
      </div>;
    })}
  </div>;
}

const shown = (all as any)[location.hash.slice(1) + '.json'];
createRoot(document.getElementById('root')!).render(
  <ThemeContext.Provider value={theme}><GlobalStyles /><Dashboard shown={shown} /></ThemeContext.Provider>,
);
