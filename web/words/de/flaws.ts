import type { en } from '../en/flaws.ts';

const SENTENCES: Readonly<Record<string, string>> = {
  ALIAS_PROPS: 'Ein Verweis (*) darf keinen Anker und keinen Typ haben.',
  BAD_ALIAS: 'Der Verweis (*) ist unvollständig oder nennt keinen Anker.',
  BAD_COLLECTION_TYPE: 'Liste oder Objekt passt nicht zum genannten Typ.',
  BAD_DIRECTIVE: 'Diese Direktive (%) ist unbekannt.',
  BAD_DQ_ESCAPE: 'Diese Folge nach \\ gibt es nicht.',
  BAD_INDENT: 'Die Einrückung passt nicht zu den Zeilen darüber.',
  BAD_PROP_ORDER: 'Anker und Typ müssen vor dem Wert stehen.',
  BAD_SCALAR_START: 'Ein Text darf mit diesem Zeichen nicht beginnen; setzen Sie ihn in Anführungszeichen.',
  BLOCK_AS_IMPLICIT_KEY: 'Hier fehlt ein Zeilenumbruch, oder der Text braucht Anführungszeichen.',
  BLOCK_IN_FLOW: 'In { } und [ ] darf kein eingerückter Block stehen.',
  DUPLICATE_KEY: 'Dieser Schlüssel steht schon weiter oben.',
  JSON: 'Ab hier ist das kein gültiges JSON.',
  JSON_END: 'Das JSON endet zu früh: Etwas ist nicht geschlossen.',
  KEY_OVER_1024_CHARS: 'Ein Schlüssel darf höchstens 1024 Zeichen lang sein.',
  MISSING_CHAR: 'Hier fehlt ein Zeichen, etwa ein Leerzeichen, eine Klammer oder ein Anführungszeichen.',
  MULTILINE_IMPLICIT_KEY: 'Ein Schlüssel muss in einer Zeile stehen; nach ihm fehlt vielleicht der Doppelpunkt.',
  MULTIPLE_ANCHORS: 'Ein Wert darf nur einen Anker (&) haben.',
  MULTIPLE_DOCS: 'Hier darf nur ein Dokument stehen.',
  MULTIPLE_TAGS: 'Ein Wert darf nur einen Typ (!) haben.',
  NON_STRING_KEY: 'Ein Schlüssel muss ein Text sein.',
  RESOURCE_EXHAUSTION: 'Das Dokument ist zu tief verschachtelt.',
  TAB_AS_INDENT: 'Tabulatoren dürfen nicht einrücken; nehmen Sie Leerzeichen.',
  TAG_RESOLVE_FAILED: 'Dieser Typ (!) ist unbekannt.',
  UNEXPECTED_TOKEN: 'Dieses Zeichen passt hier nicht.',
};

export const de = {
  flaw: (code, message) => SENTENCES[code] ?? message,
} satisfies typeof en;
