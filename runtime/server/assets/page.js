var lt,x,Bt,Le,F,Dt,Wt,Vt,Jt,xt,yt,gt,Fe,K={},zt=[],Me=/acit|ex(?:s|g|n|p|$)|rph|grid|ows|mnc|ntw|ine[ch]|zoo|^ord|itera/i,it=Array.isArray;function U(t,e){for(var n in e)t[n]=e[n];return t}function wt(t){t&&t.parentNode&&t.parentNode.removeChild(t)}function kt(t,e,n){var s,a,o,r={};for(o in e)o=="key"?s=e[o]:o=="ref"?a=e[o]:r[o]=e[o];if(arguments.length>2&&(r.children=arguments.length>3?lt.call(arguments,2):n),typeof t=="function"&&t.defaultProps!=null)for(o in t.defaultProps)r[o]===void 0&&(r[o]=t.defaultProps[o]);return ot(t,r,s,a,null)}function ot(t,e,n,s,a){var o={type:t,props:e,key:n,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:void 0,__v:a??++Bt,__i:-1,__u:0};return a==null&&x.vnode!=null&&x.vnode(o),o}function ct(t){return t.children}function at(t,e){this.props=t,this.context=e}function V(t,e){if(e==null)return t.__?V(t.__,t.__i+1):null;for(var n;e<t.__k.length;e++)if((n=t.__k[e])!=null&&n.__e!=null)return n.__e;return typeof t.type=="function"?V(t):null}function Gt(t){var e,n;if((t=t.__)!=null&&t.__c!=null){for(t.__e=t.__c.base=null,e=0;e<t.__k.length;e++)if((n=t.__k[e])!=null&&n.__e!=null){t.__e=t.__c.base=n.__e;break}return Gt(t)}}function Lt(t){(!t.__d&&(t.__d=!0)&&F.push(t)&&!rt.__r++||Dt!=x.debounceRendering)&&((Dt=x.debounceRendering)||Wt)(rt)}function rt(){for(var t,e,n,s,a,o,r,i=1;F.length;)F.length>i&&F.sort(Vt),t=F.shift(),i=F.length,t.__d&&(n=void 0,s=void 0,a=(s=(e=t).__v).__e,o=[],r=[],e.__P&&((n=U({},s)).__v=s.__v+1,x.vnode&&x.vnode(n),St(e.__P,n,s,e.__n,e.__P.namespaceURI,32&s.__u?[a]:null,o,a??V(s),!!(32&s.__u),r),n.__v=s.__v,n.__.__k[n.__i]=n,Qt(o,n,r),s.__e=s.__=null,n.__e!=a&&Gt(n)));rt.__r=0}function Kt(t,e,n,s,a,o,r,i,l,d,p){var u,_,$,m,A,E,g,b=s&&s.__k||zt,O=e.length;for(l=Be(n,e,b,l,O),u=0;u<O;u++)($=n.__k[u])!=null&&(_=$.__i==-1?K:b[$.__i]||K,$.__i=u,E=St(t,$,_,a,o,r,i,l,d,p),m=$.__e,$.ref&&_.ref!=$.ref&&(_.ref&&Ct(_.ref,null,$),p.push($.ref,$.__c||m,$)),A==null&&m!=null&&(A=m),(g=!!(4&$.__u))||_.__k===$.__k?l=Zt($,l,t,g):typeof $.type=="function"&&E!==void 0?l=E:m&&(l=m.nextSibling),$.__u&=-7);return n.__e=A,l}function Be(t,e,n,s,a){var o,r,i,l,d,p=n.length,u=p,_=0;for(t.__k=new Array(a),o=0;o<a;o++)(r=e[o])!=null&&typeof r!="boolean"&&typeof r!="function"?(l=o+_,(r=t.__k[o]=typeof r=="string"||typeof r=="number"||typeof r=="bigint"||r.constructor==String?ot(null,r,null,null,null):it(r)?ot(ct,{children:r},null,null,null):r.constructor==null&&r.__b>0?ot(r.type,r.props,r.key,r.ref?r.ref:null,r.__v):r).__=t,r.__b=t.__b+1,i=null,(d=r.__i=We(r,n,l,u))!=-1&&(u--,(i=n[d])&&(i.__u|=2)),i==null||i.__v==null?(d==-1&&(a>p?_--:a<p&&_++),typeof r.type!="function"&&(r.__u|=4)):d!=l&&(d==l-1?_--:d==l+1?_++:(d>l?_--:_++,r.__u|=4))):t.__k[o]=null;if(u)for(o=0;o<p;o++)(i=n[o])!=null&&(2&i.__u)==0&&(i.__e==s&&(s=V(i)),Xt(i,i));return s}function Zt(t,e,n,s){var a,o;if(typeof t.type=="function"){for(a=t.__k,o=0;a&&o<a.length;o++)a[o]&&(a[o].__=t,e=Zt(a[o],e,n,s));return e}t.__e!=e&&(s&&(e&&t.type&&!e.parentNode&&(e=V(t)),n.insertBefore(t.__e,e||null)),e=t.__e);do e=e&&e.nextSibling;while(e!=null&&e.nodeType==8);return e}function We(t,e,n,s){var a,o,r,i=t.key,l=t.type,d=e[n],p=d!=null&&(2&d.__u)==0;if(d===null&&t.key==null||p&&i==d.key&&l==d.type)return n;if(s>(p?1:0)){for(a=n-1,o=n+1;a>=0||o<e.length;)if((d=e[r=a>=0?a--:o++])!=null&&(2&d.__u)==0&&i==d.key&&l==d.type)return r}return-1}function Ft(t,e,n){e[0]=="-"?t.setProperty(e,n??""):t[e]=n==null?"":typeof n!="number"||Me.test(e)?n:n+"px"}function st(t,e,n,s,a){var o,r;t:if(e=="style")if(typeof n=="string")t.style.cssText=n;else{if(typeof s=="string"&&(t.style.cssText=s=""),s)for(e in s)n&&e in n||Ft(t.style,e,"");if(n)for(e in n)s&&n[e]==s[e]||Ft(t.style,e,n[e])}else if(e[0]=="o"&&e[1]=="n")o=e!=(e=e.replace(Jt,"$1")),r=e.toLowerCase(),e=r in t||e=="onFocusOut"||e=="onFocusIn"?r.slice(2):e.slice(2),t.l||(t.l={}),t.l[e+o]=n,n?s?n.u=s.u:(n.u=xt,t.addEventListener(e,o?gt:yt,o)):t.removeEventListener(e,o?gt:yt,o);else{if(a=="http://www.w3.org/2000/svg")e=e.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(e!="width"&&e!="height"&&e!="href"&&e!="list"&&e!="form"&&e!="tabIndex"&&e!="download"&&e!="rowSpan"&&e!="colSpan"&&e!="role"&&e!="popover"&&e in t)try{t[e]=n??"";break t}catch{}typeof n=="function"||(n==null||n===!1&&e[4]!="-"?t.removeAttribute(e):t.setAttribute(e,e=="popover"&&n==1?"":n))}}function Mt(t){return function(e){if(this.l){var n=this.l[e.type+t];if(e.t==null)e.t=xt++;else if(e.t<n.u)return;return n(x.event?x.event(e):e)}}}function St(t,e,n,s,a,o,r,i,l,d){var p,u,_,$,m,A,E,g,b,O,D,et,z,Ot,nt,G,vt,q=e.type;if(e.constructor!=null)return null;128&n.__u&&(l=!!(32&n.__u),o=[i=e.__e=n.__e]),(p=x.__b)&&p(e);t:if(typeof q=="function")try{if(g=e.props,b="prototype"in q&&q.prototype.render,O=(p=q.contextType)&&s[p.__c],D=p?O?O.props.value:p.__:s,n.__c?E=(u=e.__c=n.__c).__=u.__E:(b?e.__c=u=new q(g,D):(e.__c=u=new at(g,D),u.constructor=q,u.render=Je),O&&O.sub(u),u.props=g,u.state||(u.state={}),u.context=D,u.__n=s,_=u.__d=!0,u.__h=[],u._sb=[]),b&&u.__s==null&&(u.__s=u.state),b&&q.getDerivedStateFromProps!=null&&(u.__s==u.state&&(u.__s=U({},u.__s)),U(u.__s,q.getDerivedStateFromProps(g,u.__s))),$=u.props,m=u.state,u.__v=e,_)b&&q.getDerivedStateFromProps==null&&u.componentWillMount!=null&&u.componentWillMount(),b&&u.componentDidMount!=null&&u.__h.push(u.componentDidMount);else{if(b&&q.getDerivedStateFromProps==null&&g!==$&&u.componentWillReceiveProps!=null&&u.componentWillReceiveProps(g,D),!u.__e&&u.shouldComponentUpdate!=null&&u.shouldComponentUpdate(g,u.__s,D)===!1||e.__v==n.__v){for(e.__v!=n.__v&&(u.props=g,u.state=u.__s,u.__d=!1),e.__e=n.__e,e.__k=n.__k,e.__k.some(function(W){W&&(W.__=e)}),et=0;et<u._sb.length;et++)u.__h.push(u._sb[et]);u._sb=[],u.__h.length&&r.push(u);break t}u.componentWillUpdate!=null&&u.componentWillUpdate(g,u.__s,D),b&&u.componentDidUpdate!=null&&u.__h.push(function(){u.componentDidUpdate($,m,A)})}if(u.context=D,u.props=g,u.__P=t,u.__e=!1,z=x.__r,Ot=0,b){for(u.state=u.__s,u.__d=!1,z&&z(e),p=u.render(u.props,u.state,u.context),nt=0;nt<u._sb.length;nt++)u.__h.push(u._sb[nt]);u._sb=[]}else do u.__d=!1,z&&z(e),p=u.render(u.props,u.state,u.context),u.state=u.__s;while(u.__d&&++Ot<25);u.state=u.__s,u.getChildContext!=null&&(s=U(U({},s),u.getChildContext())),b&&!_&&u.getSnapshotBeforeUpdate!=null&&(A=u.getSnapshotBeforeUpdate($,m)),G=p,p!=null&&p.type===ct&&p.key==null&&(G=Yt(p.props.children)),i=Kt(t,it(G)?G:[G],e,n,s,a,o,r,i,l,d),u.base=e.__e,e.__u&=-161,u.__h.length&&r.push(u),E&&(u.__E=u.__=null)}catch(W){if(e.__v=null,l||o!=null)if(W.then){for(e.__u|=l?160:128;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;o[o.indexOf(i)]=null,e.__e=i}else{for(vt=o.length;vt--;)wt(o[vt]);bt(e)}else e.__e=n.__e,e.__k=n.__k,W.then||bt(e);x.__e(W,e,n)}else o==null&&e.__v==n.__v?(e.__k=n.__k,e.__e=n.__e):i=e.__e=Ve(n.__e,e,n,s,a,o,r,l,d);return(p=x.diffed)&&p(e),128&e.__u?void 0:i}function bt(t){t&&t.__c&&(t.__c.__e=!0),t&&t.__k&&t.__k.forEach(bt)}function Qt(t,e,n){for(var s=0;s<n.length;s++)Ct(n[s],n[++s],n[++s]);x.__c&&x.__c(e,t),t.some(function(a){try{t=a.__h,a.__h=[],t.some(function(o){o.call(a)})}catch(o){x.__e(o,a.__v)}})}function Yt(t){return typeof t!="object"||t==null||t.__b&&t.__b>0?t:it(t)?t.map(Yt):U({},t)}function Ve(t,e,n,s,a,o,r,i,l){var d,p,u,_,$,m,A,E=n.props,g=e.props,b=e.type;if(b=="svg"?a="http://www.w3.org/2000/svg":b=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o!=null){for(d=0;d<o.length;d++)if(($=o[d])&&"setAttribute"in $==!!b&&(b?$.localName==b:$.nodeType==3)){t=$,o[d]=null;break}}if(t==null){if(b==null)return document.createTextNode(g);t=document.createElementNS(a,b,g.is&&g),i&&(x.__m&&x.__m(e,o),i=!1),o=null}if(b==null)E===g||i&&t.data==g||(t.data=g);else{if(o=o&&lt.call(t.childNodes),E=n.props||K,!i&&o!=null)for(E={},d=0;d<t.attributes.length;d++)E[($=t.attributes[d]).name]=$.value;for(d in E)if($=E[d],d!="children"){if(d=="dangerouslySetInnerHTML")u=$;else if(!(d in g)){if(d=="value"&&"defaultValue"in g||d=="checked"&&"defaultChecked"in g)continue;st(t,d,null,$,a)}}for(d in g)$=g[d],d=="children"?_=$:d=="dangerouslySetInnerHTML"?p=$:d=="value"?m=$:d=="checked"?A=$:i&&typeof $!="function"||E[d]===$||st(t,d,$,E[d],a);if(p)i||u&&(p.__html==u.__html||p.__html==t.innerHTML)||(t.innerHTML=p.__html),e.__k=[];else if(u&&(t.innerHTML=""),Kt(e.type=="template"?t.content:t,it(_)?_:[_],e,n,s,b=="foreignObject"?"http://www.w3.org/1999/xhtml":a,o,r,o?o[0]:n.__k&&V(n,0),i,l),o!=null)for(d=o.length;d--;)wt(o[d]);i||(d="value",b=="progress"&&m==null?t.removeAttribute("value"):m!=null&&(m!==t[d]||b=="progress"&&!m||b=="option"&&m!=E[d])&&st(t,d,m,E[d],a),d="checked",A!=null&&A!=t[d]&&st(t,d,A,E[d],a))}return t}function Ct(t,e,n){try{if(typeof t=="function"){var s=typeof t.__u=="function";s&&t.__u(),s&&e==null||(t.__u=t(e))}else t.current=e}catch(a){x.__e(a,n)}}function Xt(t,e,n){var s,a;if(x.unmount&&x.unmount(t),(s=t.ref)&&(s.current&&s.current!=t.__e||Ct(s,null,e)),(s=t.__c)!=null){if(s.componentWillUnmount)try{s.componentWillUnmount()}catch(o){x.__e(o,e)}s.base=s.__P=null}if(s=t.__k)for(a=0;a<s.length;a++)s[a]&&Xt(s[a],e,n||typeof t.type!="function");n||wt(t.__e),t.__c=t.__=t.__e=void 0}function Je(t,e,n){return this.constructor(t,n)}function te(t,e,n){var s,a,o,r;e==document&&(e=document.documentElement),x.__&&x.__(t,e),a=(s=typeof n=="function")?null:n&&n.__k||e.__k,o=[],r=[],St(e,t=(!s&&n||e).__k=kt(ct,null,[t]),a||K,K,e.namespaceURI,!s&&n?[n]:a?null:e.firstChild?lt.call(e.childNodes):null,o,!s&&n?n:a?a.__e:e.firstChild,s,r),Qt(o,t,r)}lt=zt.slice,x={__e:function(t,e,n,s){for(var a,o,r;e=e.__;)if((a=e.__c)&&!a.__)try{if((o=a.constructor)&&o.getDerivedStateFromError!=null&&(a.setState(o.getDerivedStateFromError(t)),r=a.__d),a.componentDidCatch!=null&&(a.componentDidCatch(t,s||{}),r=a.__d),r)return a.__E=a}catch(i){t=i}throw t}},Bt=0,Le=function(t){return t!=null&&t.constructor==null},at.prototype.setState=function(t,e){var n;n=this.__s!=null&&this.__s!=this.state?this.__s:this.__s=U({},this.state),typeof t=="function"&&(t=t(U({},n),this.props)),t&&U(n,t),t!=null&&this.__v&&(e&&this._sb.push(e),Lt(this))},at.prototype.forceUpdate=function(t){this.__v&&(this.__e=!0,t&&this.__h.push(t),Lt(this))},at.prototype.render=ct,F=[],Wt=typeof Promise=="function"?Promise.prototype.then.bind(Promise.resolve()):setTimeout,Vt=function(t,e){return t.__v.__b-e.__v.__b},rt.__r=0,Jt=/(PointerCapture)$|Capture$/i,xt=0,yt=Mt(!1),gt=Mt(!0),Fe=0;var Z,S,Tt,ee,Q=0,ce=[],T=x,ne=T.__b,se=T.__r,oe=T.diffed,ae=T.__c,re=T.unmount,le=T.__;function It(t,e){T.__h&&T.__h(S,t,Q||e),Q=0;var n=S.__H||(S.__H={__:[],__h:[]});return t>=n.__.length&&n.__.push({}),n.__[t]}function y(t){return Q=1,ze(_e,t)}function ze(t,e,n){var s=It(Z++,2);if(s.t=t,!s.__c&&(s.__=[n?n(e):_e(void 0,e),function(i){var l=s.__N?s.__N[0]:s.__[0],d=s.t(l,i);l!==d&&(s.__N=[d,s.__[1]],s.__c.setState({}))}],s.__c=S,!S.__f)){var a=function(i,l,d){if(!s.__c.__H)return!0;var p=s.__c.__H.__.filter(function(_){return!!_.__c});if(p.every(function(_){return!_.__N}))return!o||o.call(this,i,l,d);var u=s.__c.props!==i;return p.forEach(function(_){if(_.__N){var $=_.__[0];_.__=_.__N,_.__N=void 0,$!==_.__[0]&&(u=!0)}}),o&&o.call(this,i,l,d)||u};S.__f=!0;var o=S.shouldComponentUpdate,r=S.componentWillUpdate;S.componentWillUpdate=function(i,l,d){if(this.__e){var p=o;o=void 0,a(i,l,d),o=p}r&&r.call(this,i,l,d)},S.shouldComponentUpdate=a}return s.__N||s.__}function L(t,e){var n=It(Z++,3);!T.__s&&pe(n.__H,e)&&(n.__=t,n.u=e,S.__H.__h.push(n))}function dt(t){return Q=5,ue(function(){return{current:t}},[])}function ue(t,e){var n=It(Z++,7);return pe(n.__H,e)&&(n.__=t(),n.__H=e,n.__h=t),n.__}function de(t,e){return Q=8,ue(function(){return t},e)}function Ge(){for(var t;t=ce.shift();)if(t.__P&&t.__H)try{t.__H.__h.forEach(ut),t.__H.__h.forEach(Et),t.__H.__h=[]}catch(e){t.__H.__h=[],T.__e(e,t.__v)}}T.__b=function(t){S=null,ne&&ne(t)},T.__=function(t,e){t&&e.__k&&e.__k.__m&&(t.__m=e.__k.__m),le&&le(t,e)},T.__r=function(t){se&&se(t),Z=0;var e=(S=t.__c).__H;e&&(Tt===S?(e.__h=[],S.__h=[],e.__.forEach(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})):(e.__h.forEach(ut),e.__h.forEach(Et),e.__h=[],Z=0)),Tt=S},T.diffed=function(t){oe&&oe(t);var e=t.__c;e&&e.__H&&(e.__H.__h.length&&(ce.push(e)!==1&&ee===T.requestAnimationFrame||((ee=T.requestAnimationFrame)||Ke)(Ge)),e.__H.__.forEach(function(n){n.u&&(n.__H=n.u),n.u=void 0})),Tt=S=null},T.__c=function(t,e){e.some(function(n){try{n.__h.forEach(ut),n.__h=n.__h.filter(function(s){return!s.__||Et(s)})}catch(s){e.some(function(a){a.__h&&(a.__h=[])}),e=[],T.__e(s,n.__v)}}),ae&&ae(t,e)},T.unmount=function(t){re&&re(t);var e,n=t.__c;n&&n.__H&&(n.__H.__.forEach(function(s){try{ut(s)}catch(a){e=a}}),n.__H=void 0,e&&T.__e(e,n.__v))};var ie=typeof requestAnimationFrame=="function";function Ke(t){var e,n=function(){clearTimeout(s),ie&&cancelAnimationFrame(e),setTimeout(t)},s=setTimeout(n,35);ie&&(e=requestAnimationFrame(n))}function ut(t){var e=S,n=t.__c;typeof n=="function"&&(t.__c=void 0,n()),S=e}function Et(t){var e=S;t.__c=t.__(),S=e}function pe(t,e){return!t||t.length!==e.length||e.some(function(n,s){return n!==t[s]})}function _e(t,e){return typeof e=="function"?e(t):e}var Pt="price-key",J={get:()=>sessionStorage.getItem(Pt)??"",set:t=>t?sessionStorage.setItem(Pt,t):sessionStorage.removeItem(Pt)},pt=class extends Error{constructor(e,n){super(n?.detail??`the server answered with ${e}`),this.status=e,this.code=n?.code,this.title=n?.title??"this did not work"}},Ze=(t={})=>J.get()?{authorization:`Bearer ${J.get()}`,...t}:t;async function Qe(t){if(t.ok)return t;let e=await t.json().catch(()=>null);throw t.status===401&&window.dispatchEvent(new Event("price-key-wanted")),new pt(t.status,e)}var Y=async(t,e={})=>Qe(await fetch(t,{...e,headers:Ze(e.headers)}).catch(()=>{throw new pt(0,{title:"the server cannot be reached",detail:"it may be starting; this page asks again"})})),w=async t=>(await Y(t)).json(),_t=async t=>(await Y(t)).text(),$e=async t=>(await Y(t)).blob(),fe=async(t,e)=>(await Y(t,{method:"POST",body:e??"",headers:{"content-type":"application/json"}})).json(),H=t=>{let e=Object.entries(t).filter(([,n])=>n!=null&&n!=="");return e.length?`?${new URLSearchParams(e)}`:""};function me(t,e,n){let s=new AbortController;return(async()=>{for(;!s.signal.aborted;){try{let o=await Y(`/v1/postings${H({account:t})}`,{signal:s.signal});n(!0);let r=o.body.pipeThrough(new TextDecoderStream).getReader(),i="";for(;;){let{value:l,done:d}=await r.read();if(d)break;i+=l;let p=i.split(`

`);i=p.pop();for(let u of p){let _=u.split(`
`).find($=>$.startsWith("data:"));(u.includes("event: posting")||u.includes("event:posting"))&&e(JSON.parse(_.slice(5)))}}}catch(o){if(o.status===401||o.status===403)return n(!1)}n(!1),await new Promise(o=>setTimeout(o,1500))}})(),()=>s.abort()}var ve=function(t,e,n,s){var a;e[0]=0;for(var o=1;o<e.length;o++){var r=e[o++],i=e[o]?(e[0]|=r?1:2,n[e[o++]]):e[++o];r===3?s[0]=i:r===4?s[1]=Object.assign(s[1]||{},i):r===5?(s[1]=s[1]||{})[e[++o]]=i:r===6?s[1][e[++o]]+=i+"":r?(a=t.apply(i,ve(t,i,n,["",null])),s.push(a),i[0]?e[0]|=2:(e[o-2]=0,e[o]=a)):s.push(i)}return s},he=new Map;function ye(t){var e=he.get(this);return e||(e=new Map,he.set(this,e)),(e=ve(this,e.get(t)||(e.set(t,e=(function(n){for(var s,a,o=1,r="",i="",l=[0],d=function(_){o===1&&(_||(r=r.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?l.push(0,_,r):o===3&&(_||r)?(l.push(3,_,r),o=2):o===2&&r==="..."&&_?l.push(4,_,0):o===2&&r&&!_?l.push(5,0,!0,r):o>=5&&((r||!_&&o===5)&&(l.push(o,0,r,a),o=6),_&&(l.push(o,_,0,a),o=6)),r=""},p=0;p<n.length;p++){p&&(o===1&&d(),d(p));for(var u=0;u<n[p].length;u++)s=n[p][u],o===1?s==="<"?(d(),l=[l],o=3):r+=s:o===4?r==="--"&&s===">"?(o=1,r=""):r=s+r[0]:i?s===i?i="":r+=s:s==='"'||s==="'"?i=s:s===">"?(d(),o=1):o&&(s==="="?(o=5,a=r,r=""):s==="/"&&(o<5||n[p][u+1]===">")?(d(),o===3&&(l=l[0]),o=l,(l=l[0]).push(2,0,o),o=0):s===" "||s==="	"||s===`
`||s==="\r"?(d(),o=2):r+=s),o===3&&r==="!--"&&(o=4,l=l[0])}return d(),l})(t)),e),arguments,[])).length>1?e:e[0]}var c=ye.bind(kt),f=t=>{if(t==null)return"";let e=/^(-?)(\d+)\/(\d+)$/.exec(String(t));if(e){let o=BigInt(e[2])*1000000n/BigInt(e[3]);return`${f(`${e[1]}${o/1000000n}.${String(o%1000000n).padStart(6,"0")}`)}\u2026`}let[,n,s,a]=/^(-?)(\d+)(.*)$/s.exec(String(t))??[];return s===void 0?String(t):`${n?"\u2212":""}${s.replace(/\B(?=(\d{3})+$)/g,",")}${a}`},N=t=>String(t).replaceAll("_"," "),M=t=>String(t).replace("T"," ").replace(/(\.\d+)?Z$/," UTC"),j=({from:t,until:e})=>{let n=new Date(`${e}T00:00:00Z`);n.setUTCDate(n.getUTCDate()-1);let s=n.toISOString().slice(0,10);return t===s?t:`${t} to ${s}`},v=(...t)=>`#/${t.map(encodeURIComponent).join("/")}`;function k(t,e,n){let[s,a]=y({}),[o,r]=y(0);return L(()=>{let i=!1,l=()=>t().then(p=>!i&&a({found:p})).catch(p=>!i&&a(u=>({found:u.found,problem:p})));l();let d=n&&setInterval(()=>document.hidden||l(),n);return()=>{i=!0,clearInterval(d)}},[...e,o]),{...s,again:de(()=>r(i=>i+1),[])}}var C=({problem:t})=>t&&c`<p class="problem" role="alert"><strong>${t.title}</strong>${t.code&&c` <span class="soft">(${t.code})</span>`}<br />${t.message}</p>`,h=({title:t,wide:e,children:n,id:s})=>c`<section class=${`card${e?" wide":""}`} aria-label=${t} id=${s}><h2>${t}</h2>${n}</section>`,I=({children:t})=>c`<p class="empty">${t}</p>`,P=({head:t,children:e,label:n})=>c`
  <div class="scroll" tabindex="0" role="region" aria-label=${n}>
    <table>
      <thead><tr>${t.map(s=>c`<th scope="col" class=${s.startsWith(">")?"num":""}>${s.replace(/^>/,"")}</th>`)}</tr></thead>
      <tbody>${e}</tbody>
    </table>
  </div>`,B=({rule:t})=>t?.file&&c`<span class="small soft mono" title=${t.title}>${t.file}:${t.line}</span>`;var[$t,ft,X,Nt,ge,Ye]=[640,190,62,10,12,26],be=t=>{let[e,n]=String(t).split("/");return Number(e)/Number(n??1)};function xe(t,e,n){let s=r=>r.startsWith(`lot ${t.name} `)||r===`lot ${t.name}`,a=be(t.opened),o=[{day:n.from,level:a,moved:[]}];for(let r of e.filter(i=>i.currency===t.currency)){let i=s(r.credit)?1:s(r.debit)?-1:0;if(!i)continue;a+=i*be(r.amount);let l=o.at(-1);l.day===r.day?l.level=a:o.push({day:r.day,level:a,moved:[]}),r.kind!=="use"&&o.at(-1).moved.push(`${r.kind} ${i>0?"+":"\u2212"}${f(r.amount)}`)}return o}var R=t=>Date.parse(`${t}T00:00:00Z`);function we({points:t,period:e,today:n,label:s,unit:a}){let o=R(e.until),r=Math.min(Math.max(R(n)+864e5,R(t.at(-1).day),R(e.from)),o),i=Math.max(...t.map(m=>m.level),1e-9),l=m=>X+(m-R(e.from))/(o-R(e.from))*($t-X-Nt),d=m=>ge+(1-Math.max(m,0)/i)*(ft-ge-Ye),p=`M${l(R(t[0].day))} ${d(t[0].level)}`;for(let m of t.slice(1))p+=`H${l(R(m.day))}V${d(m.level)}`;p+=`H${l(r)}`;let u=t.at(-1),_=m=>new Intl.NumberFormat("en",{notation:"compact",maximumFractionDigits:1}).format(m),$=`${s}: ${_(t[0].level)} at the start, ${_(u.level)} ${a} now`;return c`
    <svg class="chart" viewBox="0 0 ${$t} ${ft}" role="img" aria-label=${$}>
      ${[0,.5,1].map(m=>c`<g>
          <line x1=${X} x2=${$t-Nt} y1=${d(i*m)} y2=${d(i*m)} stroke="var(--line)" />
          <text x=${X-6} y=${d(i*m)+4} text-anchor="end">${_(i*m)}</text>
        </g>`)}
      <path d="${p}V${d(0)}H${l(R(t[0].day))}Z" fill="var(--accent)" opacity=".12" />
      <path d=${p} fill="none" stroke="var(--accent)" stroke-width="2" />
      ${t.filter(m=>m.moved.length).map(m=>c`<circle cx=${l(R(m.day))} cy=${d(m.level)} r="4" fill="var(--accent)">
            <title>${m.day}: ${m.moved.join(", ")}</title>
          </circle>`)}
      <text x=${X} y=${ft-8}>${e.from}</text>
      <text x=${$t-Nt} y=${ft-8} text-anchor="end">${e.until}</text>
    </svg>`}function Se(){let[t,e]=y(""),[n,s]=y(void 0),a=k(()=>w(`/v1/accounts${H({prefix:t,cursor:n,limit:100})}`),[t,n]);return c`
    <h1>Accounts</h1>
    <form class="row" role="search" onSubmit=${o=>o.preventDefault()}>
      <label>Name begins with
        <input type="search" value=${t} onInput=${o=>(e(o.target.value),s(void 0))} />
      </label>
    </form>
    <${C} problem=${a.problem} />
    <${h} title="All accounts">
      ${a.found?.accounts.length===0&&c`<${I}>None.<//>`}
      <${P} head=${["Account","Plan","Billed as","From","Until"]} label="Accounts">
        ${a.found?.accounts.map(o=>c`<tr>
            <td><a href=${v("accounts",o.account)}>${o.account}</a></td>
            <td>${o.plan}</td><td>${o.billed}</td><td>${o.from??"always"}</td><td>${o.until??""}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&c`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${a.found?.next&&c`<button onClick=${()=>s(a.found.next)}>Next page</button>`}
      </div>
    <//>`}var At=t=>{let[e]=t.cells,s=t.cells.length===1&&e.labels.length===0&&e.covered==="0"&&t.steps.length===0?e.tiers.filter(a=>a.quantity!=="0"):[];return s.length===1?s[0]:void 0},Xe=({line:t})=>!At(t)&&t.cells.flatMap(e=>{let n=e.labels.map(a=>a.label).join(", ");return[e.covered!=="0"&&c`<tr class="part"><td>${n} included</td><td class="num">${f(e.covered)}</td><td></td><td class="num">0</td></tr>`,...e.tiers.filter(a=>a.quantity!=="0").map((a,o,r)=>c`<tr class="part">
            <td>${[n,r.length>1&&`tier ${o+1}`].filter(Boolean).join(", ")}</td>
            <td class="num">${f(a.quantity)}</td><td class="num">${f(a.rate)}</td><td class="num">${f(a.amount)}</td>
          </tr>`)]}),tn=({invoice:t})=>c`
  <${P} head=${["Line",">Quantity",">Rate",`>Amount (${t.currency})`]} label="Lines">
    ${t.lines.map(e=>c`
        <tr><td>${N(e.name)}${e.corrects&&c` <span class="tag warm">corrects ${j(e.corrects)}</span>`}<br /><${B} rule=${e.rule} /></td>
          <td class="num">${e.quantity&&`${f(e.quantity.value)} ${e.quantity.unit}`}</td><td class="num">${At(e)&&f(At(e).rate)}</td>
          <td class="num">${f(e.amount)} ${e.currency??""}</td></tr>
        <${Xe} line=${e} />
        ${e.steps.map(n=>c`<tr class="part"><td>${n.label}</td><td></td><td></td><td class="num">${f(n.change)}</td></tr>`)}
        ${(e.paid??[]).map(n=>c`<tr class="part"><td>paid from ${N(n.by)}</td><td></td><td></td><td class="num">(${f(n.amount)})</td></tr>`)}
      `)}
    <tr class="sum"><td>Total</td><td></td><td></td><td class="num">${f(t.total)}</td></tr>
    ${t.due!==t.total&&c`<tr class="sum"><td>To pay</td><td></td><td></td><td class="num">${f(t.due)}</td></tr>`}
  <//>`,ke=(t,e)=>{let[n,s]=[t,e].map(a=>String(a).split("/").reduce((o,r)=>Number(o)/Number(r)));return Math.max(0,Math.min(100,Number(n)/Number(s)*100||0))},Ht=({used:t,limit:e,label:n})=>c`
  <div class=${`bar${ke(t,e)>=100?" bad":""}`} role="img" aria-label=${`${n}: ${f(t)} of ${f(e)}`}>
    <i style=${{width:`${ke(t,e)}%`}}></i>
  </div>`,en=({invoice:t})=>{let e=t.payment;if(!e)return null;let n=new Date().toISOString().slice(0,10),s=e.balances.filter(a=>[a.opened,a.granted,a.topped_up].some(o=>/[1-9]/.test(o)));return c`
    ${s.map(a=>c`
        <${h} title=${`Wallet ${N(a.name)}`}>
          <dl class="figures">
            <div><dt>left (${a.currency})</dt><dd>${f(a.closed)}</dd></div>
            <div><dt>used</dt><dd>${f(a.used)}</dd></div>
          </dl>
          <${we} points=${xe(a,e.ledger,t.period)} period=${t.period} today=${n} label=${`Balance of ${N(a.name)}`} unit=${a.currency} />
          <details><summary>Lots</summary>
            <${P} head=${["Lot","Came","Gone",">Amount",">Left"]} label="Lots">
              ${a.lots.map(o=>c`<tr><td>${o.name}</td><td>${o.came}</td><td>${o.gone??""}</td><td class="num">${f(o.amount)}</td><td class="num">${f(o.left)}</td></tr>`)}
            <//>
          </details>
        <//>`)}
    ${e.commitments.map(a=>c`
        <${h} title=${`Commitment ${N(a.name)}`}>
          <p>${f(a.total)} of ${f(a.amount)} ${t.currency} since ${a.from}${a.until?`, until ${a.until}`:""}</p>
          <${Ht} used=${a.total} limit=${a.amount} label=${N(a.name)} />
        <//>`)}`};function Ce({name:t}){let[e,n]=y(""),s=k(()=>w(`/v1/accounts/${encodeURIComponent(t)}/invoice${H({on:e})}`),[t,e],3e3),a=k(()=>w(`/v1/accounts/${encodeURIComponent(t)}/entitlements`),[t],5e3),o=k(()=>w(`/v1/accounts/${encodeURIComponent(t)}/events?limit=12`),[t],3e3),r=k(()=>w(`/v1/invoices${H({account:t})}`),[t],1e4),i=s.found?.invoice;return c`
    <h1>${t} ${s.found&&c`<small>on <a href=${v("plans",s.found.plan.hash)}>${s.found.plan.name}</a></small>`}</h1>
    <form class="row" onSubmit=${l=>l.preventDefault()}>
      <label>Period that holds the day<input type="date" value=${e} onInput=${l=>n(l.target.value)} /></label>
      ${e&&c`<button type="button" onClick=${()=>n("")}>Today</button>`}
    </form>
    <${C} problem=${s.problem} />
    <div class="grid">
      ${i&&c`<${h} title=${`What is owed for ${j(i.period)}`} wide>
        <p><span class=${`tag ${s.found.status==="finalised"?"good":""}`}>${s.found.status}</span>
          ${s.found.number&&c` <a href=${v("invoices",s.found.number)}>${s.found.number}</a>`}
          <span class="soft small"> as of entry ${f(s.found.as_of_entry)}</span></p>
        ${i.lines.length?c`<${tn} invoice=${i} />`:c`<${I}>Nothing yet.<//>`}
      <//>`}
      ${i&&c`<${en} invoice=${i} />`}
      ${i?.allowances.map(l=>c`<${h} title=${`Included: ${N(l.name)}`}>
          <p>${f(l.used)} of ${f(l.granted)} ${l.unit} used</p>
          <${Ht} used=${l.used} limit=${l.granted} label=${N(l.name)} />
        <//>`)}
      ${a.found?.features.length>0&&c`<${h} title="What it may do" wide>
        <${P} head=${["Feature","State",">Used",">Held",">Left"]} label="Features">
          ${a.found.features.map(l=>c`<tr>
              <td>${N(l.name)}</td>
              <td>${l.kind==="text"?l.text:l.kind==="flag"?c`<span class=${`tag ${l.on?"good":"bad"}`}>${l.on?"on":"off"}</span>`:c`limit ${f(l.limit)} ${l.unit}${!l.hard&&" (soft)"}<${Ht} used=${l.used} limit=${l.limit} label=${N(l.name)} />`}</td>
              <td class="num">${l.limit&&f(l.used)}</td><td class="num">${l.limit&&f(l.held)}</td><td class="num">${f(l.left)}</td>
            </tr>`)}
        <//>
      <//>`}
      <${h} title="Events, the latest first">
        <${C} problem=${o.problem} />
        ${o.found?.events.length===0&&c`<${I}>None yet.<//>`}
        <${P} head=${["Happened","Event","Type"]} label="Events">
          ${o.found?.events.map(l=>c`<tr key=${l.seq}><td class="small">${M(l.happened)}</td>
              <td><a href=${v("event",l.event.source??"",l.event.id)}>${l.event.id}</a>${!l.counts&&c` <span class="tag bad">taken back</span>`}</td><td>${l.event.type}</td></tr>`)}
        <//>
      <//>
      <${h} title="Invoices and notes">
        ${r.found?.invoices.length===0&&c`<${I}>No period is closed yet.<//>`}
        <ul>${r.found?.invoices.map(l=>c`<li><a href=${v("invoices",l.number)}>${l.number}</a> ${j(l.period)}, ${f(l.total)} ${l.currency}${l.status==="disputed"&&c` <span class="tag bad">disputed</span>`}</li>`)}</ul>
      <//>
    </div>`}var mt=t=>t?.$ref?.split("/").at(-1);function ht({schema:t,all:e,depth:n=0}){let s=mt(t)?e[mt(t)]:t;if(!s)return null;let a=s.enum?s.enum.map(r=>JSON.stringify(r)).join(" | "):[s.type].flat().filter(Boolean).join(" or "),o=s.items??(typeof s.additionalProperties=="object"?s.additionalProperties:null);return n>4?c`<span class="soft">${mt(t)??a}</span>`:c`
    <span class="soft mono">${mt(t)??""} ${a}${s.format?` (${s.format})`:""}${s.default!==void 0?`, ${JSON.stringify(s.default)} unless given`:""}</span>
    ${s.description&&c` <span class="small">${s.description}</span>`}
    ${s.properties&&c`<ul>${Object.entries(s.properties).map(([r,i])=>c`<li><code>${r}</code>${s.required?.includes(r)?"":c` <span class="soft small">optional</span>`} <${ht} schema=${i} all=${e} depth=${n+1} /></li>`)}</ul>`}
    ${o&&c`<div class="inside">of <${ht} schema=${o} all=${e} depth=${n+1} /></div>`}`}var Te=({content:t,all:e})=>Object.entries(t??{}).map(([n,{schema:s}])=>c`<div><code>${n}</code> <${ht} schema=${s} all=${e} /></div>`);function nn({path:t,method:e,op:n,all:s}){let a=`curl -X ${e.toUpperCase()} -H "authorization: Bearer $KEY"${n.requestBody?` -H 'content-type: ${Object.keys(n.requestBody.content)[0]}' -d @body`:""} ${location.origin}${t}`;return c`<details class="card" id=${n.operationId}>
    <summary><span class="tag">${e.toUpperCase()}</span> <code>${t}</code> ${n.summary}</summary>
    ${n["x-role"]&&c`<p class="small">Needs the role <code>${n["x-role"]}</code>.</p>`}
    <pre>${a}</pre>
    ${n.parameters&&c`<h3>Parameters</h3><ul>${n.parameters.map(o=>c`<li><code>${o.name}</code> <span class="soft small">in ${o.in}${o.required?"":", optional"}</span> ${o.description} <${ht} schema=${o.schema} all=${s} /></li>`)}</ul>`}
    ${n.requestBody&&c`<h3>Body</h3><${Te} content=${n.requestBody.content} all=${s} />`}
    <h3>Answers</h3>
    <${P} head=${["Status","Means","Form"]} label="Answers">
      ${Object.entries(n.responses).map(([o,r])=>c`<tr><td>${o}</td><td>${r.description}</td><td><${Te} content=${r.content} all=${s} /></td></tr>`)}
    <//>
  </details>`}function Ee(){let{found:t,problem:e}=k(()=>w("/openapi.json"),[]),[n,s]=y(""),a=t?.components.schemas??{},r=Object.entries(t?.paths??{}).flatMap(([i,l])=>Object.entries(l).map(([d,p])=>({path:i,method:d,op:p}))).filter(({path:i,op:l})=>!n||`${i} ${l.summary} ${l.operationId}`.toLowerCase().includes(n.toLowerCase()));return c`
    <h1>The HTTP API</h1>
    <p class="soft">${t?.info.description} For machines: <a href="/openapi.json">/openapi.json</a>. A code in an answer leads to its page: <a href="/problems/S007">/problems/S007</a>.</p>
    <form class="row" role="search" onSubmit=${i=>i.preventDefault()}>
      <label>Find<input type="search" value=${n} onInput=${i=>s(i.target.value)} /></label>
    </form>
    <${C} problem=${e} />
    ${r.map(i=>c`<${nn} key=${i.method+i.path} ...${i} all=${a} />`)}
    ${t&&r.length===0&&c`<${h} title="None"><p class="empty">Nothing is called so.</p><//>`}`}var tt=(t,e)=>t.split(`
`).filter(n=>n.startsWith(e)&&!n.startsWith("#")).reduce((n,s)=>n+Number(s.slice(s.lastIndexOf(" ")+1)),0);function qt(t,e){let[n,s]=y([]),[a,o]=y(!1),[r,i]=y(!1);return L(()=>{if(!r)return me(t,l=>s(d=>[l,...d].slice(0,e)),o)},[t,r]),{rows:n,live:a,paused:r,pause:i}}var jt=({rows:t})=>c`
  <${P} head=${["Event","Account","Type","Entry"]} label="Events">
    ${t.map(e=>c`<tr key=${e.seq} class="fresh">
        <td><a href=${v("event",e.event.source??"",e.event.id)}>${e.event.id}</a></td>
        <td><a href=${v("accounts",e.account)}>${e.account}</a></td>
        <td>${e.type}</td>
        <td class="soft">${e.seq}</td>
      </tr>`)}
  <//>`;function Ie(){let t=k(async()=>{let r=await _t("/metrics");return{entries:tt(r,"price_log_durable_entry"),repeats:tt(r,'price_events_total{result="duplicate"}'),refused:tt(r,'price_events_total{result="rejected"}')+tt(r,'price_events_total{result="conflict"}'),ready:tt(r,"price_ready")===1}},[],2e3),e=k(()=>w("/v1/plans"),[],1e4),n=k(()=>w("/v1/invoices?limit=1000"),[],1e4),s=k(()=>w("/v1/accounts?limit=8"),[],1e4),a=qt(void 0,8),o=t.found??{};return c`
    <h1>Overview</h1>
    <${C} problem=${t.problem} />
    <div class="grid">
      <${h} title="This server" wide>
        <dl class="figures">
          <div><dt>entries in the log</dt><dd>${f(o.entries??0)}</dd></div>
          <div><dt>repeats since the start</dt><dd>${f(o.repeats??0)}</dd></div>
          <div><dt>rejects since the start</dt><dd>${f(o.refused??0)}</dd></div>
          <div><dt>plans</dt><dd>${new Set(e.found?.plans.map(r=>r.name)).size}</dd></div>
          <div><dt>health</dt><dd><span class=${`tag ${o.ready?"good":"bad"}`}>${o.ready?"ready":"not ready"}</span></dd></div>
        </dl>
      <//>
      <${h} title="Events as they come">
        ${a.rows.length?c`<${jt} rows=${a.rows} />`:c`<${I}>${a.live?"Listening; nothing came yet.":"Connecting\u2026"}<//>`}
      <//>
      <${h} title="Accounts">
        <${C} problem=${s.problem} />
        ${s.found?.accounts.length===0&&c`<${I}>Nobody is on a plan yet.<//>`}
        <ul>${[...new Map(s.found?.accounts.map(r=>[r.account,r])).values()].map(r=>c`<li><a href=${v("accounts",r.account)}>${r.account}</a> <span class="soft">on ${r.plan}</span></li>`)}</ul>
        ${s.found?.next&&c`<a href=${v("accounts")}>all of them</a>`}
      <//>
      <${h} title="Issued last">
        <${C} problem=${n.problem} />
        ${n.found?.invoices.length===0&&c`<${I}>No period is closed yet. Drafts are with the accounts.<//>`}
        <ul>${n.found?.invoices.slice(-6).reverse().map(r=>c`<li><a href=${v("invoices",r.number)}>${r.number}</a> ${r.account}, ${f(r.total)} ${r.currency}</li>`)}</ul>
      <//>
      <${h} title="Plans in force">
        <ul>${e.found?.plans.filter(r=>r.latest).map(r=>c`<li><a href=${v("plans",r.hash)}>${r.name}</a> <span class="soft">known since ${r.since}</span></li>`)}</ul>
      <//>
    </div>`}function Pe(){let[t,e]=y({source:"",id:""}),[n,s]=y(""),a=qt(void 0,500),o=a.rows.filter(r=>!n||[r.account,r.type,r.event.id].some(i=>String(i).includes(n)));return c`
    <h1>Events</h1>
    <div class="grid">
      <${h} title="Find an event">
        <form class="row" onSubmit=${r=>(r.preventDefault(),location.hash=v("event",t.source,t.id))}>
          <label>Source<input value=${t.source} onInput=${r=>e({...t,source:r.target.value})} /></label>
          <label>Id<input required value=${t.id} onInput=${r=>e({...t,id:r.target.value})} /></label>
          <button class="main">Show its path</button>
        </form>
        <p class="soft small">From the record to the line of the invoice and to the line of the contract.</p>
      <//>
      <${h} title="As they come" wide>
        <div class="row">
          <label>Account, type or id holds<input type="search" value=${n} onInput=${r=>s(r.target.value)} /></label>
          <button aria-pressed=${a.paused} onClick=${()=>a.pause(!a.paused)}>${a.paused?"Go on":"Pause"}</button>
          <span class=${`tag ${a.live&&!a.paused?"good":""}`} role="status">${a.paused?"paused":a.live?"live":"connecting"}</span>
        </div>
        ${o.length?c`<${jt} rows=${o.slice(0,100)} />`:c`<${I}>Nothing that fits came since this page was opened.<//>`}
      <//>
    </div>`}var Rt=({rule:t})=>t.excerpt?c`<pre class="rule"><mark>${t.excerpt}</mark></pre><${B} rule=${t} />`:c`<${B} rule=${t} />`;function Ne({source:t,id:e}){let{found:n,problem:s}=k(()=>w(`/v1/events/path${H({source:t,id:e})}`),[t,e]),a=n?.state.status;return c`
    <h1>Event ${e} <small>${t&&`of ${t}`}</small></h1>
    <${C} problem=${s} />
    ${n&&c`<${h} title="Its path"><ol class="path">
      <li><h2>Record <span class=${`tag ${a==="current"?"good":"bad"}`}>${a==="current"?"counts":a}</span></h2>
        <p class="small soft">entry ${f(n.seq)}, happened ${M(n.happened)}, recorded ${M(n.recorded)}${n.set&&`, backfill ${n.set}`}</p>
        <pre>${JSON.stringify(n.event,null,2)}</pre></li>
      <li><h2>Account <a href=${v("accounts",n.account)}>${n.account}</a></h2>
        <p class="small soft">billed as ${n.billed}, on <a href=${v("plans",n.plan.hash)}>${n.plan.name}</a></p></li>
      ${n.allowances.map(o=>c`<li><h2>${f(o.drawn)} ${o.unit} from what is included: ${N(o.name)}</h2><${Rt} rule=${o.rule} /></li>`)}
      ${n.lines.map(o=>c`<li><h2>Line ${N(o.name)}${o.meter&&c` <span class="soft">by meter ${N(o.meter)}</span>`}</h2>
          <p>${o.quantity!==null&&c`${f(o.quantity)} ${o.unit} `}${o.amount!==null?c`add <strong>${f(o.amount)} ${o.currency}</strong>`:c`<span class="soft">what it adds depends on the others</span>`}</p>
          ${o.cells.map(r=>c`
              ${r.tiers.length>0&&c`<${P} head=${["Tier",">Quantity",">Rate",">Amount"]} label="Tiers">
                ${r.tiers.map(i=>c`<tr><td>above ${f(i.from)}${i.to&&` up to ${f(i.to)}`}</td><td class="num">${f(i.quantity)}</td><td class="num">${f(i.rate)}</td><td class="num">${f(i.amount)}</td></tr>`)}
              <//>`}
              ${r.rules.map(i=>c`<${Rt} rule=${i} />`)}`)}
          ${o.cells.length===0&&c`<${Rt} rule=${o.rule} />`}</li>`)}
      ${n.lines.length===0&&c`<li><h2>No line</h2><p class="soft">No price counts it${a==="current"?"":", for it was taken back"}.</p></li>`}
      <li><h2>Invoice of ${j(n.invoiced)}</h2>
        <p class="small soft">${n.late?`It happened in ${j(n.period)}, and came after that was closed.`:"The period in which it happened."}</p></li>
    </ol><//>`}
    ${n?.earlier.length>0&&c`<${h} title="Contents it had before"><ul>${n.earlier.map(o=>c`<li>entry ${o.seq}: ${o.state.status}<pre>${JSON.stringify(o.event,null,2)}</pre></li>`)}</ul><//>`}`}function Ae(){let[t,e]=y({account:"",kind:"",disputed:""}),[n,s]=y(void 0),a=k(()=>w(`/v1/invoices${H({...t,cursor:n,limit:100})}`),[t,n],1e4),o=k(()=>w("/v1/billing/held"),[],1e4),r=i=>l=>(e({...t,[i]:l.target.value}),s(void 0));return c`
    <h1>Invoices</h1>
    <form class="row" onSubmit=${i=>i.preventDefault()}>
      <label>Billed<input type="search" value=${t.account} onChange=${r("account")} /></label>
      <label>Kind<select value=${t.kind} onChange=${r("kind")}>
        <option value="">all</option><option value="invoice">invoices</option><option value="credit-note">credit notes</option><option value="debit-note">debit notes</option>
      </select></label>
      <label>State<select value=${t.disputed} onChange=${r("disputed")}><option value="">all</option><option value="true">disputed</option></select></label>
    </form>
    <${C} problem=${a.problem} />
    ${o.found?.held.length>0&&c`<${h} title="Periods that cannot be settled"><ul>${o.found.held.map(i=>c`<li>${i.account} on ${i.plan} from ${i.from}: ${i.why}</li>`)}</ul><//>`}
    <${h} title="In the order in which they were issued">
      ${a.found?.invoices.length===0&&c`<${I}>${Object.values(t).some(Boolean)?"None that fits.":"No period is closed yet. A period closes when its grace is over; drafts are with the accounts."}<//>`}
      <${P} head=${["Number","Billed","Period","Issued",">Total",">To pay",""]} label="Invoices">
        ${a.found?.invoices.map(i=>c`<tr>
            <td><a href=${v("invoices",i.number)}>${i.number}</a></td><td><a href=${v("accounts",i.account)}>${i.account}</a></td>
            <td>${j(i.period)}</td><td>${i.issued}</td>
            <td class="num">${f(i.total)} ${i.currency}</td><td class="num">${f(i.due)}</td>
            <td>${i.kind!=="invoice"&&c`<span class="tag warm">${i.kind} for ${i.corrects}</span> `}${i.status==="disputed"&&c`<span class="tag bad">disputed</span>`}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&c`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${a.found?.next&&c`<button onClick=${()=>s(a.found.next)}>Next page</button>`}
      </div>
    <//>`}function He({number:t}){let e=`/v1/invoices/${encodeURIComponent(t)}`,{found:n,problem:s}=k(()=>w(e),[t]),a=k(()=>_t(`${e}/html`),[t]),[o,r]=y(void 0),i=async()=>{try{let l=URL.createObjectURL(await $e(`${e}/pdf`));Object.assign(document.createElement("a"),{href:l,download:`${t}.pdf`}).click(),setTimeout(()=>URL.revokeObjectURL(l),1e4)}catch(l){r(l)}};return c`
    <h1>${t} ${n&&c`<small>${n.kind.replace("-"," ")} for <a href=${v("accounts",n.account)}>${n.account}</a></small>`}</h1>
    <${C} problem=${s??o} />
    ${n&&c`<${h} title="About it">
      <p>${f(n.total)} ${n.currency} for ${j(n.period)}, issued ${n.issued}${n.payable&&`, payable by ${n.payable}`}
        <span class=${`tag ${n.status==="disputed"?"bad":"good"}`}>${n.status}</span></p>
      ${n.corrects&&c`<p>Corrects <a href=${v("invoices",n.corrects)}>${n.corrects}</a>${n.reason&&`: ${n.reason}`}</p>`}
      ${n.corrected_by?.length>0&&c`<p>Corrected by ${n.corrected_by.map(l=>c`<a href=${v("invoices",l)}>${l}</a> `)}</p>`}
      ${n.disputes.map(l=>c`<p>${l.line?`Line ${l.line}`:"All of it"} contested: ${l.reason}${l.outcome&&` (${l.outcome})`}</p>`)}
      ${Object.entries(n.references).map(([l,d])=>c`<p>${l}: <span class="mono">${d}</span></p>`)}
      <p class="small soft">Plan <a href=${v("plans",n.plan.hash)}>${n.plan.name}</a>, knows entries up to ${f(n.cutoff_entry)}, contents <span class="mono">${n.invoice_blake3.slice(0,16)}…</span></p>
      <div class="row"><button onClick=${i}>Save as PDF</button></div>
    <//>`}
    ${a.found&&c`<iframe title=${`${t} as it is sent`} sandbox="" srcdoc=${a.found}></iframe>`}`}function je(){let{found:t,problem:e}=k(()=>w("/v1/plans"),[],5e3);return c`
    <h1>Plans</h1>
    <${C} problem=${e} />
    <${h} title="All versions">
      ${t?.plans.length===0&&c`<${I}>No plan is published yet: price build, then POST /v1/plans.<//>`}
      <${P} head=${["Plan","Known since","Entry","Meaning","Signed by",""]} label="Plans">
        ${t?.plans.map(n=>c`<tr>
            <td><a href=${v("plans",n.hash)}>${n.name}</a></td><td>${n.since}</td><td>${f(n.seq)}</td>
            <td class="mono small">${n.hash.slice(0,12)}</td><td>${n.signer}</td><td>${n.latest&&c`<span class="tag good">in force</span>`}</td>
          </tr>`)}
      <//>
    <//>`}var qe=(t,e)=>t.title===e.title&&t.within===e.within&&t.excerpt===e.excerpt;function Re({hash:t}){let{found:e,problem:n}=k(async()=>{let[l,d]=await Promise.all([w(`/v1/plans/${t}`),w("/v1/plans")]),p=d.plans.filter($=>$.name===l.name).sort(($,m)=>$.seq-m.seq),u=p.findIndex($=>$.hash===t),_=u>0?await w(`/v1/plans/${p[u-1].hash}`):null;return{now:l,before:_,versions:p}},[t]),{now:s,before:a,versions:o}=e??{},r=a&&s.rules.filter(l=>!a.rules.some(d=>qe(l,d))),i=a&&a.rules.filter(l=>!s.rules.some(d=>qe(l,d)));return c`
    <h1>${s?.name} <small class="mono">${t.slice(0,12)}</small></h1>
    <${C} problem=${n} />
    ${s&&c`<div class="grid">
      <${h} title="Versions">
        <ul>${o.map(l=>c`<li>${l.hash===t?c`<strong>${l.since}</strong>`:c`<a href=${v("plans",l.hash)}>${l.since}</a>`} <span class="soft">entry ${l.seq}${l.signer?`, signed by ${l.signer}`:""}${l.latest?", in force":""}</span></li>`)}</ul>
      <//>
      ${a&&c`<${h} title="What changed">
        ${r.length+i.length===0&&c`<${I}>No rule changed.<//>`}
        <div class="diff">${i.map(l=>c`<pre class="minus">− ${l.excerpt}</pre>`)}${r.map(l=>c`<pre class="plus">+ ${l.excerpt}</pre>`)}</div>
      <//>`}
      <${h} title="Rules, as they are written" wide>
        ${s.rules.map(l=>c`<div><${B} rule=${l} /><pre class="rule">${l.excerpt}</pre></div>`)}
      <//>
    </div>`}`}function sn({reject:t,again:e}){let[n,s]=y(JSON.stringify(t.record,null,2)),[a,o]=y({}),r=async i=>{i.preventDefault();try{let l=await fe(`/v1/rejects/${t.seq}/retry`,n);o({result:l}),l.status==="accepted"&&e()}catch(l){o({problem:l})}};return c`
    <section class="card" aria-label=${`Reject ${t.seq}`}>
      <h2>${t.message} <a class="tag bad" href=${`/problems/${t.code}`}>${t.code}</a></h2>
      <p class="small soft">entry ${t.seq}, came ${M(t.recorded)}</p>
      <details><summary>Record</summary>
        <form onSubmit=${r}>
          <label>Mend it here<textarea spellcheck="false" value=${n} onInput=${i=>s(i.target.value)}></textarea></label>
          <div class="row"><button class="main">Send it again</button></div>
        </form>
        ${a.result&&c`<p role="status">${a.result.status}${a.result.message?`: ${a.result.message}`:""}</p>`}
        <${C} problem=${a.problem} />
      </details>
    </section>`}function Ue(){let[t,e]=y(void 0),n=k(()=>w(`/v1/rejects${H({cursor:t,limit:50})}`),[t]);return c`
    <h1>Rejects</h1>
    <p class="soft">Events that did not fit are kept with their reason. A plan or an account is mended, or the record, and they are sent again.</p>
    <${C} problem=${n.problem} />
    ${n.found?.rejects.length===0&&c`<${h} title="None"><${I}>Everything that came fits.<//><//>`}
    ${n.found?.rejects.map(s=>c`<${sn} key=${s.seq} reject=${s} again=${n.again} />`)}
    <div class="row">
      ${t&&c`<button onClick=${()=>e(void 0)}>First page</button>`}
      ${n.found?.next&&c`<button onClick=${()=>e(n.found.next)}>Next page</button>`}
    </div>`}var Ut=[["","Overview",Ie],["accounts","Accounts",Se,([t])=>c`<${Ce} key=${t} name=${t} />`],["events","Events",Pe],["invoices","Invoices",Ae,([t])=>c`<${He} key=${t} number=${t} />`],["rejects","Rejects",Ue],["plans","Plans",je,([t])=>c`<${Re} key=${t} hash=${t} />`],["api","API",Ee]],Oe=()=>{try{return location.hash.replace(/^#\/?/,"").split("/").map(decodeURIComponent)}catch{return[""]}};function on(){let[t,e]=y(Oe);return L(()=>{let n=()=>e(Oe());return addEventListener("hashchange",n),()=>removeEventListener("hashchange",n)},[]),t}function an(){let t=dt(),[e,n]=y("");return L(()=>{let a=()=>t.current?.open||t.current?.showModal();return addEventListener("price-key-wanted",a),()=>removeEventListener("price-key-wanted",a)},[]),c`<dialog ref=${t} aria-labelledby="sign-in">
    <h2 id="sign-in">This server asks for a key</h2>
    <p class="soft small">One with the role <code>read</code>, made by <code>price keys add</code>. It is kept in this tab only.</p>
    <form method="dialog" onSubmit=${()=>{J.set(e.trim()),location.reload()}}>
      <label>API key<input type="password" autocomplete="off" required value=${e} onInput=${a=>n(a.target.value)} /></label>
      <div class="row"><button class="main">Use it</button></div>
    </form>
  </dialog>`}function rn(){let[t,...e]=on(),n=dt(),s=dt(!0),a=Ut.find(([i])=>i===(t==="event"?"events":t))??Ut[0];L(()=>{document.title=`${[a[1],...e].filter(Boolean).join(" \xB7 ")} \xB7 Price`,s.current||n.current?.focus(),s.current=!1,scrollTo(0,0)},[t,...e]);let[,,o,r]=a;return c`
    <div class="top"><div>
      <a class="brand" href="#/">Price</a>
      <nav aria-label="Views"><ul>
        ${Ut.map(([i,l])=>c`<li><a href=${i?v(i):"#/"} aria-current=${a[0]===i?"page":void 0}>${l}</a></li>`)}
      </ul></nav>
      <div class="end">${J.get()&&c`<button onClick=${()=>(J.set(""),location.reload())}>Sign out</button>`}</div>
    </div></div>
    <main id="content" ref=${n} tabindex="-1">
      ${t==="event"?c`<${Ne} key=${e.join("/")} source=${e[0]??""} id=${e[1]??""} />`:e[0]&&r?r(e):c`<${o} />`}
    </main>
    <${an} />`}var De=document.getElementById("app");De.textContent="";te(c`<${rn} />`,De);
