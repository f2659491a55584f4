/* Icons of lucide-static (ISC), drawn inline so that they take the colour of the text. */
import playSvg from 'lucide-static/icons/play.svg?raw';
import pauseSvg from 'lucide-static/icons/pause.svg?raw';
import searchSvg from 'lucide-static/icons/search.svg?raw';
import sunMoonSvg from 'lucide-static/icons/sun-moon.svg?raw';
import downloadSvg from 'lucide-static/icons/download.svg?raw';
import chartColumnSvg from 'lucide-static/icons/chart-column.svg?raw';
import archiveSvg from 'lucide-static/icons/archive.svg?raw';
import listVideoSvg from 'lucide-static/icons/list-video.svg?raw';
import chevronDownSvg from 'lucide-static/icons/chevron-down.svg?raw';
import chevronsUpDownSvg from 'lucide-static/icons/chevrons-up-down.svg?raw';
import chevronUpSvg from 'lucide-static/icons/chevron-up.svg?raw';
import monitorSvg from 'lucide-static/icons/monitor.svg?raw';
import smartphoneSvg from 'lucide-static/icons/smartphone.svg?raw';
import tabletSvg from 'lucide-static/icons/tablet.svg?raw';
import triangleAlertSvg from 'lucide-static/icons/triangle-alert.svg?raw';
import circleAlertSvg from 'lucide-static/icons/circle-alert.svg?raw';
import infoSvg from 'lucide-static/icons/info.svg?raw';
import arrowLeftSvg from 'lucide-static/icons/arrow-left.svg?raw';
import arrowRightSvg from 'lucide-static/icons/arrow-right.svg?raw';
import undoSvg from 'lucide-static/icons/undo.svg?raw';
import redoSvg from 'lucide-static/icons/redo.svg?raw';
import mousePointerClickSvg from 'lucide-static/icons/mouse-pointer-click.svg?raw';
import keyboardSvg from 'lucide-static/icons/keyboard.svg?raw';
import textCursorInputSvg from 'lucide-static/icons/text-cursor-input.svg?raw';
import arrowUpDownSvg from 'lucide-static/icons/arrow-up-down.svg?raw';
import gaugeSvg from 'lucide-static/icons/gauge.svg?raw';
import eyeSvg from 'lucide-static/icons/eye.svg?raw';
import eyeOffSvg from 'lucide-static/icons/eye-off.svg?raw';
import tagSvg from 'lucide-static/icons/tag.svg?raw';
import columns3Svg from 'lucide-static/icons/columns-3.svg?raw';
import listPlusSvg from 'lucide-static/icons/list-plus.svg?raw';
import equalNotSvg from 'lucide-static/icons/equal-not.svg?raw';
import calendarSvg from 'lucide-static/icons/calendar.svg?raw';
import ellipsisSvg from 'lucide-static/icons/ellipsis.svg?raw';
import tableSvg from 'lucide-static/icons/table.svg?raw';
import squareSvg from 'lucide-static/icons/square.svg?raw';
import squareCheckSvg from 'lucide-static/icons/square-check.svg?raw';
import slidersHorizontalSvg from 'lucide-static/icons/sliders-horizontal.svg?raw';
import listChecksSvg from 'lucide-static/icons/list-checks.svg?raw';
import bookmarkSvg from 'lucide-static/icons/bookmark.svg?raw';
import layersSvg from 'lucide-static/icons/layers.svg?raw';
import minusSvg from 'lucide-static/icons/minus.svg?raw';
import plusSvg from 'lucide-static/icons/plus.svg?raw';
import gripVerticalSvg from 'lucide-static/icons/grip-vertical.svg?raw';
import eraserSvg from 'lucide-static/icons/eraser.svg?raw';
import checkSvg from 'lucide-static/icons/check.svg?raw';
import xSvg from 'lucide-static/icons/x.svg?raw';
import folderDownSvg from 'lucide-static/icons/folder-down.svg?raw';
import folderOpenSvg from 'lucide-static/icons/folder-open.svg?raw';
import filePlusSvg from 'lucide-static/icons/file-plus.svg?raw';
import wifiOffSvg from 'lucide-static/icons/wifi-off.svg?raw';
import circlePlaySvg from 'lucide-static/icons/circle-play.svg?raw';
import sendSvg from 'lucide-static/icons/send.svg?raw';
import linkSvg from 'lucide-static/icons/link.svg?raw';
import terminalSvg from 'lucide-static/icons/terminal.svg?raw';
import globeSvg from 'lucide-static/icons/globe.svg?raw';
import clipboardSvg from 'lucide-static/icons/clipboard.svg?raw';
import panelRightSvg from 'lucide-static/icons/panel-right.svg?raw';
import imageOffSvg from 'lucide-static/icons/image-off.svg?raw';
import logOutSvg from 'lucide-static/icons/log-out.svg?raw';
import circleSvg from 'lucide-static/icons/circle.svg?raw';
import fileXSvg from 'lucide-static/icons/file-x.svg?raw';
import maximizeSvg from 'lucide-static/icons/maximize.svg?raw';
import stepBackSvg from 'lucide-static/icons/step-back.svg?raw';
import stepForwardSvg from 'lucide-static/icons/step-forward.svg?raw';
import typeSvg from 'lucide-static/icons/type.svg?raw';
import moveSvg from 'lucide-static/icons/move.svg?raw';
import moonSvg from 'lucide-static/icons/moon.svg?raw';
import cameraSvg from 'lucide-static/icons/camera.svg?raw';
import fileCodeSvg from 'lucide-static/icons/file-code.svg?raw';
import repeatSvg from 'lucide-static/icons/repeat.svg?raw';
import zoomInSvg from 'lucide-static/icons/zoom-in.svg?raw';
import crosshairSvg from 'lucide-static/icons/crosshair.svg?raw';
import copySvg from 'lucide-static/icons/copy.svg?raw';
import mousePointer2Svg from 'lucide-static/icons/mouse-pointer-2.svg?raw';
import skipBackSvg from 'lucide-static/icons/skip-back.svg?raw';
import skipForwardSvg from 'lucide-static/icons/skip-forward.svg?raw';
import fastForwardSvg from 'lucide-static/icons/fast-forward.svg?raw';
import chevronRightSvg from 'lucide-static/icons/chevron-right.svg?raw';
import listFilterSvg from 'lucide-static/icons/list-filter.svg?raw';
import userSvg from 'lucide-static/icons/user.svg?raw';
import timerSvg from 'lucide-static/icons/timer.svg?raw';
import scanSvg from 'lucide-static/icons/scan.svg?raw';
import shrinkSvg from 'lucide-static/icons/shrink.svg?raw';
import clockSvg from 'lucide-static/icons/clock.svg?raw';
import starSvg from 'lucide-static/icons/star.svg?raw';
import pencilSvg from 'lucide-static/icons/pencil.svg?raw';
import trash2Svg from 'lucide-static/icons/trash-2.svg?raw';
import messageSquareSvg from 'lucide-static/icons/message-square.svg?raw';
import undo2Svg from 'lucide-static/icons/undo-2.svg?raw';
import targetSvg from 'lucide-static/icons/target.svg?raw';
import pinSvg from 'lucide-static/icons/pin.svg?raw';
import listEndSvg from 'lucide-static/icons/list-end.svg?raw';
import circleSlashSvg from 'lucide-static/icons/circle-slash.svg?raw';

/** What stands between the svg tags; size and stroke come from our own style. */
function inner(svg: string): string {
  return svg.slice(svg.indexOf('>', svg.indexOf('<svg')) + 1, svg.lastIndexOf('</svg>')).trim();
}

export const ICONS = {
  play: inner(playSvg),
  pause: inner(pauseSvg),
  search: inner(searchSvg),
  'sun-moon': inner(sunMoonSvg),
  download: inner(downloadSvg),
  'chart-column': inner(chartColumnSvg),
  archive: inner(archiveSvg),
  'list-video': inner(listVideoSvg),
  'chevron-down': inner(chevronDownSvg),
  'chevrons-up-down': inner(chevronsUpDownSvg),
  'chevron-up': inner(chevronUpSvg),
  monitor: inner(monitorSvg),
  smartphone: inner(smartphoneSvg),
  tablet: inner(tabletSvg),
  'triangle-alert': inner(triangleAlertSvg),
  'circle-alert': inner(circleAlertSvg),
  info: inner(infoSvg),
  'arrow-left': inner(arrowLeftSvg),
  'arrow-right': inner(arrowRightSvg),
  undo: inner(undoSvg),
  redo: inner(redoSvg),
  'mouse-pointer-click': inner(mousePointerClickSvg),
  keyboard: inner(keyboardSvg),
  'text-cursor-input': inner(textCursorInputSvg),
  'arrow-up-down': inner(arrowUpDownSvg),
  gauge: inner(gaugeSvg),
  eye: inner(eyeSvg),
  'eye-off': inner(eyeOffSvg),
  tag: inner(tagSvg),
  check: inner(checkSvg),
  x: inner(xSvg),
  'folder-down': inner(folderDownSvg),
  'folder-open': inner(folderOpenSvg),
  'file-plus': inner(filePlusSvg),
  'wifi-off': inner(wifiOffSvg),
  'circle-play': inner(circlePlaySvg),
  send: inner(sendSvg),
  link: inner(linkSvg),
  terminal: inner(terminalSvg),
  globe: inner(globeSvg),
  clipboard: inner(clipboardSvg),
  'panel-right': inner(panelRightSvg),
  'image-off': inner(imageOffSvg),
  'log-out': inner(logOutSvg),
  circle: inner(circleSvg),
  'file-x': inner(fileXSvg),
  maximize: inner(maximizeSvg),
  'step-back': inner(stepBackSvg),
  'step-forward': inner(stepForwardSvg),
  type: inner(typeSvg),
  move: inner(moveSvg),
  moon: inner(moonSvg),
  camera: inner(cameraSvg),
  'file-code': inner(fileCodeSvg),
  repeat: inner(repeatSvg),
  'zoom-in': inner(zoomInSvg),
  crosshair: inner(crosshairSvg),
  copy: inner(copySvg),
  'mouse-pointer-2': inner(mousePointer2Svg),
  'skip-back': inner(skipBackSvg),
  'skip-forward': inner(skipForwardSvg),
  'fast-forward': inner(fastForwardSvg),
  'chevron-right': inner(chevronRightSvg),
  'list-filter': inner(listFilterSvg),
  user: inner(userSvg),
  timer: inner(timerSvg),
  scan: inner(scanSvg),
  shrink: inner(shrinkSvg),
  clock: inner(clockSvg),
  star: inner(starSvg),
  pencil: inner(pencilSvg),
  'trash-2': inner(trash2Svg),
  'message-square': inner(messageSquareSvg),
  'undo-2': inner(undo2Svg),
  target: inner(targetSvg),
  pin: inner(pinSvg),
  'list-end': inner(listEndSvg),
  'circle-slash': inner(circleSlashSvg),
  eraser: inner(eraserSvg),
  'grip-vertical': inner(gripVerticalSvg),
  plus: inner(plusSvg),
  minus: inner(minusSvg),
  layers: inner(layersSvg),
  bookmark: inner(bookmarkSvg),
  'list-checks': inner(listChecksSvg),
  'sliders-horizontal': inner(slidersHorizontalSvg),
  'square-check': inner(squareCheckSvg),
  square: inner(squareSvg),
  table: inner(tableSvg),
  ellipsis: inner(ellipsisSvg),
  calendar: inner(calendarSvg),
  'equal-not': inner(equalNotSvg),
  'list-plus': inner(listPlusSvg),
  'columns-3': inner(columns3Svg),
} as const;

export type IconName = keyof typeof ICONS;
