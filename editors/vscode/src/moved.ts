// Where a place is after the text around it has changed.

export interface Point {
  line: number;
  character: number;
}

export interface Change {
  range: { start: Point; end: Point };
  text: string;
}

/** The same place after a change; the start of the change where it is inside of it. */
export function moved(place: Point, change: Change): Point {
  const { start, end } = change.range;
  const before = (a: Point, b: Point) => a.line < b.line || (a.line === b.line && a.character < b.character);
  if (before(place, end) || (place.line === end.line && place.character === end.character && before(start, end) && change.text === '')) {
    return before(start, place) ? start : place;
  }
  const lines = change.text.split('\n');
  const lastLength = (lines.at(-1) ?? '').length;
  const line = place.line - end.line + start.line + lines.length - 1;
  if (place.line !== end.line) return { line, character: place.character };
  const from = lines.length === 1 ? start.character : 0;
  return { line, character: from + lastLength + place.character - end.character };
}
