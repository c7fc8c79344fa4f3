var de,S,Ye,nn,V,Ge,Ze,Xe,et,Se,xe,ke,sn,Z={},tt=[],on=/acit|ex(?:s|g|n|p|$)|rph|grid|ows|mnc|ntw|ine[ch]|zoo|^ord|itera/i,fe=Array.isArray;function U(e,t){for(var n in t)e[n]=t[n];return e}function Pe(e){e&&e.parentNode&&e.parentNode.removeChild(e)}function Te(e,t,n){var s,r,o,i={};for(o in t)o=="key"?s=t[o]:o=="ref"?r=t[o]:i[o]=t[o];if(arguments.length>2&&(i.children=arguments.length>3?de.call(arguments,2):n),typeof e=="function"&&e.defaultProps!=null)for(o in e.defaultProps)i[o]===void 0&&(i[o]=e.defaultProps[o]);return le(e,i,s,r,null)}function le(e,t,n,s,r){var o={type:e,props:t,key:n,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:void 0,__v:r??++Ye,__i:-1,__u:0};return r==null&&S.vnode!=null&&S.vnode(o),o}function pe(e){return e.children}function ce(e,t){this.props=e,this.context=t}function K(e,t){if(t==null)return e.__?K(e.__,e.__i+1):null;for(var n;t<e.__k.length;t++)if((n=e.__k[t])!=null&&n.__e!=null)return n.__e;return typeof e.type=="function"?K(e):null}function nt(e){var t,n;if((e=e.__)!=null&&e.__c!=null){for(e.__e=e.__c.base=null,t=0;t<e.__k.length;t++)if((n=e.__k[t])!=null&&n.__e!=null){e.__e=e.__c.base=n.__e;break}return nt(e)}}function Je(e){(!e.__d&&(e.__d=!0)&&V.push(e)&&!ue.__r++||Ge!=S.debounceRendering)&&((Ge=S.debounceRendering)||Ze)(ue)}function ue(){for(var e,t,n,s,r,o,i,a=1;V.length;)V.length>a&&V.sort(Xe),e=V.shift(),a=V.length,e.__d&&(n=void 0,s=void 0,r=(s=(t=e).__v).__e,o=[],i=[],t.__P&&((n=U({},s)).__v=s.__v+1,S.vnode&&S.vnode(n),Ee(t.__P,n,s,t.__n,t.__P.namespaceURI,32&s.__u?[r]:null,o,r??K(s),!!(32&s.__u),i),n.__v=s.__v,n.__.__k[n.__i]=n,rt(o,n,i),s.__e=s.__=null,n.__e!=r&&nt(n)));ue.__r=0}function st(e,t,n,s,r,o,i,a,l,d,f){var u,m,p,_,C,g,v,$=s&&s.__k||tt,y=t.length;for(l=rn(n,t,$,l,y),u=0;u<y;u++)(p=n.__k[u])!=null&&(m=p.__i==-1?Z:$[p.__i]||Z,p.__i=u,g=Ee(e,p,m,r,o,i,a,l,d,f),_=p.__e,p.ref&&m.ref!=p.ref&&(m.ref&&Ne(m.ref,null,p),f.push(p.ref,p.__c||_,p)),C==null&&_!=null&&(C=_),(v=!!(4&p.__u))||m.__k===p.__k?l=ot(p,l,e,v):typeof p.type=="function"&&g!==void 0?l=g:_&&(l=_.nextSibling),p.__u&=-7);return n.__e=C,l}function rn(e,t,n,s,r){var o,i,a,l,d,f=n.length,u=f,m=0;for(e.__k=new Array(r),o=0;o<r;o++)(i=t[o])!=null&&typeof i!="boolean"&&typeof i!="function"?(l=o+m,(i=e.__k[o]=typeof i=="string"||typeof i=="number"||typeof i=="bigint"||i.constructor==String?le(null,i,null,null,null):fe(i)?le(pe,{children:i},null,null,null):i.constructor==null&&i.__b>0?le(i.type,i.props,i.key,i.ref?i.ref:null,i.__v):i).__=e,i.__b=e.__b+1,a=null,(d=i.__i=an(i,n,l,u))!=-1&&(u--,(a=n[d])&&(a.__u|=2)),a==null||a.__v==null?(d==-1&&(r>f?m--:r<f&&m++),typeof i.type!="function"&&(i.__u|=4)):d!=l&&(d==l-1?m--:d==l+1?m++:(d>l?m--:m++,i.__u|=4))):e.__k[o]=null;if(u)for(o=0;o<f;o++)(a=n[o])!=null&&(2&a.__u)==0&&(a.__e==s&&(s=K(a)),at(a,a));return s}function ot(e,t,n,s){var r,o;if(typeof e.type=="function"){for(r=e.__k,o=0;r&&o<r.length;o++)r[o]&&(r[o].__=e,t=ot(r[o],t,n,s));return t}e.__e!=t&&(s&&(t&&e.type&&!t.parentNode&&(t=K(e)),n.insertBefore(e.__e,t||null)),t=e.__e);do t=t&&t.nextSibling;while(t!=null&&t.nodeType==8);return t}function an(e,t,n,s){var r,o,i,a=e.key,l=e.type,d=t[n],f=d!=null&&(2&d.__u)==0;if(d===null&&e.key==null||f&&a==d.key&&l==d.type)return n;if(s>(f?1:0)){for(r=n-1,o=n+1;r>=0||o<t.length;)if((d=t[i=r>=0?r--:o++])!=null&&(2&d.__u)==0&&a==d.key&&l==d.type)return i}return-1}function Ke(e,t,n){t[0]=="-"?e.setProperty(t,n??""):e[t]=n==null?"":typeof n!="number"||on.test(t)?n:n+"px"}function ae(e,t,n,s,r){var o,i;e:if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof s=="string"&&(e.style.cssText=s=""),s)for(t in s)n&&t in n||Ke(e.style,t,"");if(n)for(t in n)s&&n[t]==s[t]||Ke(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")o=t!=(t=t.replace(et,"$1")),i=t.toLowerCase(),t=i in e||t=="onFocusOut"||t=="onFocusIn"?i.slice(2):t.slice(2),e.l||(e.l={}),e.l[t+o]=n,n?s?n.u=s.u:(n.u=Se,e.addEventListener(t,o?ke:xe,o)):e.removeEventListener(t,o?ke:xe,o);else{if(r=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{e[t]=n??"";break e}catch{}typeof n=="function"||(n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n))}}function Qe(e){return function(t){if(this.l){var n=this.l[t.type+e];if(t.t==null)t.t=Se++;else if(t.t<n.u)return;return n(S.event?S.event(t):t)}}}function Ee(e,t,n,s,r,o,i,a,l,d){var f,u,m,p,_,C,g,v,$,y,T,N,j,W,B,Y,we,M=t.type;if(t.constructor!=null)return null;128&n.__u&&(l=!!(32&n.__u),o=[a=t.__e=n.__e]),(f=S.__b)&&f(t);e:if(typeof M=="function")try{if(v=t.props,$="prototype"in M&&M.prototype.render,y=(f=M.contextType)&&s[f.__c],T=f?y?y.props.value:f.__:s,n.__c?g=(u=t.__c=n.__c).__=u.__E:($?t.__c=u=new M(v,T):(t.__c=u=new ce(v,T),u.constructor=M,u.render=cn),y&&y.sub(u),u.props=v,u.state||(u.state={}),u.context=T,u.__n=s,m=u.__d=!0,u.__h=[],u._sb=[]),$&&u.__s==null&&(u.__s=u.state),$&&M.getDerivedStateFromProps!=null&&(u.__s==u.state&&(u.__s=U({},u.__s)),U(u.__s,M.getDerivedStateFromProps(v,u.__s))),p=u.props,_=u.state,u.__v=t,m)$&&M.getDerivedStateFromProps==null&&u.componentWillMount!=null&&u.componentWillMount(),$&&u.componentDidMount!=null&&u.__h.push(u.componentDidMount);else{if($&&M.getDerivedStateFromProps==null&&v!==p&&u.componentWillReceiveProps!=null&&u.componentWillReceiveProps(v,T),!u.__e&&u.shouldComponentUpdate!=null&&u.shouldComponentUpdate(v,u.__s,T)===!1||t.__v==n.__v){for(t.__v!=n.__v&&(u.props=v,u.state=u.__s,u.__d=!1),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(J){J&&(J.__=t)}),N=0;N<u._sb.length;N++)u.__h.push(u._sb[N]);u._sb=[],u.__h.length&&i.push(u);break e}u.componentWillUpdate!=null&&u.componentWillUpdate(v,u.__s,T),$&&u.componentDidUpdate!=null&&u.__h.push(function(){u.componentDidUpdate(p,_,C)})}if(u.context=T,u.props=v,u.__P=e,u.__e=!1,j=S.__r,W=0,$){for(u.state=u.__s,u.__d=!1,j&&j(t),f=u.render(u.props,u.state,u.context),B=0;B<u._sb.length;B++)u.__h.push(u._sb[B]);u._sb=[]}else do u.__d=!1,j&&j(t),f=u.render(u.props,u.state,u.context),u.state=u.__s;while(u.__d&&++W<25);u.state=u.__s,u.getChildContext!=null&&(s=U(U({},s),u.getChildContext())),$&&!m&&u.getSnapshotBeforeUpdate!=null&&(C=u.getSnapshotBeforeUpdate(p,_)),Y=f,f!=null&&f.type===pe&&f.key==null&&(Y=it(f.props.children)),a=st(e,fe(Y)?Y:[Y],t,n,s,r,o,i,a,l,d),u.base=t.__e,t.__u&=-161,u.__h.length&&i.push(u),g&&(u.__E=u.__=null)}catch(J){if(t.__v=null,l||o!=null)if(J.then){for(t.__u|=l?160:128;a&&a.nodeType==8&&a.nextSibling;)a=a.nextSibling;o[o.indexOf(a)]=null,t.__e=a}else{for(we=o.length;we--;)Pe(o[we]);Ce(t)}else t.__e=n.__e,t.__k=n.__k,J.then||Ce(t);S.__e(J,t,n)}else o==null&&t.__v==n.__v?(t.__k=n.__k,t.__e=n.__e):a=t.__e=ln(n.__e,t,n,s,r,o,i,l,d);return(f=S.diffed)&&f(t),128&t.__u?void 0:a}function Ce(e){e&&e.__c&&(e.__c.__e=!0),e&&e.__k&&e.__k.forEach(Ce)}function rt(e,t,n){for(var s=0;s<n.length;s++)Ne(n[s],n[++s],n[++s]);S.__c&&S.__c(t,e),e.some(function(r){try{e=r.__h,r.__h=[],e.some(function(o){o.call(r)})}catch(o){S.__e(o,r.__v)}})}function it(e){return typeof e!="object"||e==null||e.__b&&e.__b>0?e:fe(e)?e.map(it):U({},e)}function ln(e,t,n,s,r,o,i,a,l){var d,f,u,m,p,_,C,g=n.props,v=t.props,$=t.type;if($=="svg"?r="http://www.w3.org/2000/svg":$=="math"?r="http://www.w3.org/1998/Math/MathML":r||(r="http://www.w3.org/1999/xhtml"),o!=null){for(d=0;d<o.length;d++)if((p=o[d])&&"setAttribute"in p==!!$&&($?p.localName==$:p.nodeType==3)){e=p,o[d]=null;break}}if(e==null){if($==null)return document.createTextNode(v);e=document.createElementNS(r,$,v.is&&v),a&&(S.__m&&S.__m(t,o),a=!1),o=null}if($==null)g===v||a&&e.data==v||(e.data=v);else{if(o=o&&de.call(e.childNodes),g=n.props||Z,!a&&o!=null)for(g={},d=0;d<e.attributes.length;d++)g[(p=e.attributes[d]).name]=p.value;for(d in g)if(p=g[d],d!="children"){if(d=="dangerouslySetInnerHTML")u=p;else if(!(d in v)){if(d=="value"&&"defaultValue"in v||d=="checked"&&"defaultChecked"in v)continue;ae(e,d,null,p,r)}}for(d in v)p=v[d],d=="children"?m=p:d=="dangerouslySetInnerHTML"?f=p:d=="value"?_=p:d=="checked"?C=p:a&&typeof p!="function"||g[d]===p||ae(e,d,p,g[d],r);if(f)a||u&&(f.__html==u.__html||f.__html==e.innerHTML)||(e.innerHTML=f.__html),t.__k=[];else if(u&&(e.innerHTML=""),st(t.type=="template"?e.content:e,fe(m)?m:[m],t,n,s,$=="foreignObject"?"http://www.w3.org/1999/xhtml":r,o,i,o?o[0]:n.__k&&K(n,0),a,l),o!=null)for(d=o.length;d--;)Pe(o[d]);a||(d="value",$=="progress"&&_==null?e.removeAttribute("value"):_!=null&&(_!==e[d]||$=="progress"&&!_||$=="option"&&_!=g[d])&&ae(e,d,_,g[d],r),d="checked",C!=null&&C!=e[d]&&ae(e,d,C,g[d],r))}return e}function Ne(e,t,n){try{if(typeof e=="function"){var s=typeof e.__u=="function";s&&e.__u(),s&&t==null||(e.__u=e(t))}else e.current=t}catch(r){S.__e(r,n)}}function at(e,t,n){var s,r;if(S.unmount&&S.unmount(e),(s=e.ref)&&(s.current&&s.current!=e.__e||Ne(s,null,t)),(s=e.__c)!=null){if(s.componentWillUnmount)try{s.componentWillUnmount()}catch(o){S.__e(o,t)}s.base=s.__P=null}if(s=e.__k)for(r=0;r<s.length;r++)s[r]&&at(s[r],t,n||typeof e.type!="function");n||Pe(e.__e),e.__c=e.__=e.__e=void 0}function cn(e,t,n){return this.constructor(e,n)}function lt(e,t,n){var s,r,o,i;t==document&&(t=document.documentElement),S.__&&S.__(e,t),r=(s=typeof n=="function")?null:n&&n.__k||t.__k,o=[],i=[],Ee(t,e=(!s&&n||t).__k=Te(pe,null,[e]),r||Z,Z,t.namespaceURI,!s&&n?[n]:r?null:t.firstChild?de.call(t.childNodes):null,o,!s&&n?n:r?r.__e:t.firstChild,s,i),rt(o,e,i)}de=tt.slice,S={__e:function(e,t,n,s){for(var r,o,i;t=t.__;)if((r=t.__c)&&!r.__)try{if((o=r.constructor)&&o.getDerivedStateFromError!=null&&(r.setState(o.getDerivedStateFromError(e)),i=r.__d),r.componentDidCatch!=null&&(r.componentDidCatch(e,s||{}),i=r.__d),i)return r.__E=r}catch(a){e=a}throw e}},Ye=0,nn=function(e){return e!=null&&e.constructor==null},ce.prototype.setState=function(e,t){var n;n=this.__s!=null&&this.__s!=this.state?this.__s:this.__s=U({},this.state),typeof e=="function"&&(e=e(U({},n),this.props)),e&&U(n,e),e!=null&&this.__v&&(t&&this._sb.push(t),Je(this))},ce.prototype.forceUpdate=function(e){this.__v&&(this.__e=!0,e&&this.__h.push(e),Je(this))},ce.prototype.render=pe,V=[],Ze=typeof Promise=="function"?Promise.prototype.then.bind(Promise.resolve()):setTimeout,Xe=function(e,t){return e.__v.__b-t.__v.__b},ue.__r=0,et=/(PointerCapture)$|Capture$/i,Se=0,xe=Qe(!1),ke=Qe(!0),sn=0;var X,I,Ie,ct,ee=0,ht=[],A=S,ut=A.__b,dt=A.__r,ft=A.diffed,pt=A.__c,mt=A.unmount,$t=A.__;function Ae(e,t){A.__h&&A.__h(I,e,ee||t),ee=0;var n=I.__H||(I.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function w(e){return ee=1,un(yt,e)}function un(e,t,n){var s=Ae(X++,2);if(s.t=e,!s.__c&&(s.__=[n?n(t):yt(void 0,t),function(a){var l=s.__N?s.__N[0]:s.__[0],d=s.t(l,a);l!==d&&(s.__N=[d,s.__[1]],s.__c.setState({}))}],s.__c=I,!I.__f)){var r=function(a,l,d){if(!s.__c.__H)return!0;var f=s.__c.__H.__.filter(function(m){return!!m.__c});if(f.every(function(m){return!m.__N}))return!o||o.call(this,a,l,d);var u=s.__c.props!==a;return f.forEach(function(m){if(m.__N){var p=m.__[0];m.__=m.__N,m.__N=void 0,p!==m.__[0]&&(u=!0)}}),o&&o.call(this,a,l,d)||u};I.__f=!0;var o=I.shouldComponentUpdate,i=I.componentWillUpdate;I.componentWillUpdate=function(a,l,d){if(this.__e){var f=o;o=void 0,r(a,l,d),o=f}i&&i.call(this,a,l,d)},I.shouldComponentUpdate=r}return s.__N||s.__}function H(e,t){var n=Ae(X++,3);!A.__s&&bt(n.__H,t)&&(n.__=e,n.u=t,I.__H.__h.push(n))}function z(e){return ee=5,vt(function(){return{current:e}},[])}function vt(e,t){var n=Ae(X++,7);return bt(n.__H,t)&&(n.__=e(),n.__H=t,n.__h=e),n.__}function gt(e,t){return ee=8,vt(function(){return e},t)}function dn(){for(var e;e=ht.shift();)if(e.__P&&e.__H)try{e.__H.__h.forEach(me),e.__H.__h.forEach(Le),e.__H.__h=[]}catch(t){e.__H.__h=[],A.__e(t,e.__v)}}A.__b=function(e){I=null,ut&&ut(e)},A.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),$t&&$t(e,t)},A.__r=function(e){dt&&dt(e),X=0;var t=(I=e.__c).__H;t&&(Ie===I?(t.__h=[],I.__h=[],t.__.forEach(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})):(t.__h.forEach(me),t.__h.forEach(Le),t.__h=[],X=0)),Ie=I},A.diffed=function(e){ft&&ft(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&(ht.push(t)!==1&&ct===A.requestAnimationFrame||((ct=A.requestAnimationFrame)||fn)(dn)),t.__H.__.forEach(function(n){n.u&&(n.__H=n.u),n.u=void 0})),Ie=I=null},A.__c=function(e,t){t.some(function(n){try{n.__h.forEach(me),n.__h=n.__h.filter(function(s){return!s.__||Le(s)})}catch(s){t.some(function(r){r.__h&&(r.__h=[])}),t=[],A.__e(s,n.__v)}}),pt&&pt(e,t)},A.unmount=function(e){mt&&mt(e);var t,n=e.__c;n&&n.__H&&(n.__H.__.forEach(function(s){try{me(s)}catch(r){t=r}}),n.__H=void 0,t&&A.__e(t,n.__v))};var _t=typeof requestAnimationFrame=="function";function fn(e){var t,n=function(){clearTimeout(s),_t&&cancelAnimationFrame(t),setTimeout(e)},s=setTimeout(n,35);_t&&(t=requestAnimationFrame(n))}function me(e){var t=I,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),I=t}function Le(e){var t=I;e.__c=e.__(),I=t}function bt(e,t){return!e||e.length!==t.length||t.some(function(n,s){return n!==e[s]})}function yt(e,t){return typeof t=="function"?t(e):t}var Fe="price-key",Q={get:()=>sessionStorage.getItem(Fe)??"",set:e=>e?sessionStorage.setItem(Fe,e):sessionStorage.removeItem(Fe)},$e=class extends Error{constructor(t,n){super(n?.detail??`the server answered with ${t}`),this.status=t,this.code=n?.code,this.title=n?.title??"this did not work"}},pn=(e={})=>Q.get()?{authorization:`Bearer ${Q.get()}`,...e}:e;async function mn(e){if(e.ok)return e;let t=await e.json().catch(()=>null);throw e.status===401&&window.dispatchEvent(new Event("price-key-wanted")),new $e(e.status,t)}var te=async(e,t={})=>mn(await fetch(e,{...t,headers:pn(t.headers)}).catch(()=>{throw new $e(0,{title:"the server cannot be reached",detail:"it may be starting; this page asks again"})})),P=async e=>(await te(e)).json(),_e=async e=>(await te(e)).text(),wt=async e=>(await te(e)).blob(),xt=async(e,t)=>(await te(e,{method:"POST",body:t??"",headers:{"content-type":"application/json"}})).json(),R=e=>{let t=Object.entries(e).filter(([,n])=>n!=null&&n!=="");return t.length?`?${new URLSearchParams(t)}`:""};function kt(e,t,n){let s=new AbortController;return(async()=>{for(;!s.signal.aborted;){try{let o=await te(`/v1/postings${R({account:e})}`,{signal:s.signal});n(!0);let i=o.body.pipeThrough(new TextDecoderStream).getReader(),a="";for(;;){let{value:l,done:d}=await i.read();if(d)break;a+=l;let f=a.split(`

`);a=f.pop();for(let u of f){let m=u.split(`
`).find(p=>p.startsWith("data:"));(u.includes("event: posting")||u.includes("event:posting"))&&t(JSON.parse(m.slice(5)))}}}catch(o){if(o.status===401||o.status===403)return n(!1)}n(!1),await new Promise(o=>setTimeout(o,1500))}})(),()=>s.abort()}var St=function(e,t,n,s){var r;t[0]=0;for(var o=1;o<t.length;o++){var i=t[o++],a=t[o]?(t[0]|=i?1:2,n[t[o++]]):t[++o];i===3?s[0]=a:i===4?s[1]=Object.assign(s[1]||{},a):i===5?(s[1]=s[1]||{})[t[++o]]=a:i===6?s[1][t[++o]]+=a+"":i?(r=e.apply(a,St(e,a,n,["",null])),s.push(r),a[0]?t[0]|=2:(t[o-2]=0,t[o]=r)):s.push(a)}return s},Ct=new Map;function Pt(e){var t=Ct.get(this);return t||(t=new Map,Ct.set(this,t)),(t=St(this,t.get(e)||(t.set(e,t=(function(n){for(var s,r,o=1,i="",a="",l=[0],d=function(m){o===1&&(m||(i=i.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?l.push(0,m,i):o===3&&(m||i)?(l.push(3,m,i),o=2):o===2&&i==="..."&&m?l.push(4,m,0):o===2&&i&&!m?l.push(5,0,!0,i):o>=5&&((i||!m&&o===5)&&(l.push(o,0,i,r),o=6),m&&(l.push(o,m,0,r),o=6)),i=""},f=0;f<n.length;f++){f&&(o===1&&d(),d(f));for(var u=0;u<n[f].length;u++)s=n[f][u],o===1?s==="<"?(d(),l=[l],o=3):i+=s:o===4?i==="--"&&s===">"?(o=1,i=""):i=s+i[0]:a?s===a?a="":i+=s:s==='"'||s==="'"?a=s:s===">"?(d(),o=1):o&&(s==="="?(o=5,r=i,i=""):s==="/"&&(o<5||n[f][u+1]===">")?(d(),o===3&&(l=l[0]),o=l,(l=l[0]).push(2,0,o),o=0):s===" "||s==="	"||s===`
`||s==="\r"?(d(),o=2):i+=s),o===3&&i==="!--"&&(o=4,l=l[0])}return d(),l})(e)),t),arguments,[])).length>1?t:t[0]}var c=Pt.bind(Te),h=e=>{if(e==null)return"";let t=/^(-?)(\d+)\/(\d+)$/.exec(String(e));if(t){let o=BigInt(t[2])*1000000n/BigInt(t[3]);return`${h(`${t[1]}${o/1000000n}.${String(o%1000000n).padStart(6,"0")}`)}\u2026`}let[,n,s,r]=/^(-?)(\d+)(.*)$/s.exec(String(e))??[];return s===void 0?String(e):`${n?"\u2212":""}${s.replace(/\B(?=(\d{3})+$)/g,",")}${r}`},D=e=>String(e).replaceAll("_"," "),G=e=>String(e).replace("T"," ").replace(/(\.\d+)?Z$/," UTC"),O=({from:e,until:t})=>{let n=new Date(`${t}T00:00:00Z`);n.setUTCDate(n.getUTCDate()-1);let s=n.toISOString().slice(0,10);return e===s?e:`${e} to ${s}`},x=(...e)=>`#/${e.map(encodeURIComponent).join("/")}`;function k(e,t,n){let[s,r]=w({}),[o,i]=w(0);return H(()=>{let a=!1,l=()=>e().then(f=>!a&&r({found:f})).catch(f=>!a&&r(u=>({found:u.found,problem:f})));l();let d=n&&setInterval(()=>document.hidden||l(),n);return()=>{a=!0,clearInterval(d)}},[...t,o]),{...s,again:gt(()=>i(a=>a+1),[])}}var E=({problem:e})=>e&&c`<p class="problem" role="alert"><strong>${e.title}</strong>${e.code&&c` <span class="soft">(${e.code})</span>`}<br />${e.message}</p>`,b=({title:e,wide:t,children:n,id:s})=>c`<section class=${`card${t?" wide":""}`} aria-label=${e} id=${s}><h2>${e}</h2>${n}</section>`,L=({children:e})=>c`<p class="empty">${e}</p>`,$n=e=>[e].flat(1/0).some(Boolean),F=({head:e,children:t,label:n})=>$n(t)&&c`
  <div class="scroll" tabindex="0" role="region" aria-label=${n}>
    <table>
      <thead><tr>${e.map(s=>c`<th scope="col" class=${s.startsWith(">")?"num":""}>${s.replace(/^>/,"")}</th>`)}</tr></thead>
      <tbody>${t}</tbody>
    </table>
  </div>`,De=({rule:e})=>e?.file&&c`<span class="small soft mono" title=${e.title}>${e.file}:${e.line}</span>`;var[he,ve,ne,He,Tt,_n]=[640,190,62,10,12,26],Et=e=>{let[t,n]=String(e).split("/");return Number(t)/Number(n??1)};function Nt(e,t,n){let s=i=>i.startsWith(`lot ${e.name} `)||i===`lot ${e.name}`,r=Et(e.opened),o=[{day:n.from,level:r,moved:[]}];for(let i of t.filter(a=>a.currency===e.currency)){let a=s(i.credit)?1:s(i.debit)?-1:0;if(!a)continue;r+=a*Et(i.amount);let l=o.at(-1);l.day===i.day?l.level=r:o.push({day:i.day,level:r,moved:[]}),i.kind!=="use"&&o.at(-1).moved.push(`${i.kind} ${a>0?"+":"\u2212"}${h(i.amount)}`)}return o}var q=e=>Date.parse(`${e}T00:00:00Z`);function It({points:e,period:t,today:n,label:s,unit:r}){let o=q(t.until),i=Math.min(Math.max(q(n)+864e5,q(e.at(-1).day),q(t.from)),o),a=Math.max(...e.map(_=>_.level),1e-9),l=_=>ne+(_-q(t.from))/(o-q(t.from))*(he-ne-He),d=_=>Tt+(1-Math.max(_,0)/a)*(ve-Tt-_n),f=`M${l(q(e[0].day))} ${d(e[0].level)}`;for(let _ of e.slice(1))f+=`H${l(q(_.day))}V${d(_.level)}`;f+=`H${l(i)}`;let u=e.at(-1),m=_=>new Intl.NumberFormat("en",{notation:"compact",maximumFractionDigits:1}).format(_),p=`${s}: ${m(e[0].level)} at the start, ${m(u.level)} ${r} now`;return c`
    <svg class="chart" viewBox="0 0 ${he} ${ve}" role="img" aria-label=${p}>
      ${[0,.5,1].map(_=>c`<g>
          <line x1=${ne} x2=${he-He} y1=${d(a*_)} y2=${d(a*_)} stroke="var(--line)" />
          <text x=${ne-6} y=${d(a*_)+4} text-anchor="end">${m(a*_)}</text>
        </g>`)}
      <path d="${f}V${d(0)}H${l(q(e[0].day))}Z" fill="var(--accent)" opacity=".12" />
      <path d=${f} fill="none" stroke="var(--accent)" stroke-width="2" />
      ${e.filter(_=>_.moved.length).map(_=>c`<circle cx=${l(q(_.day))} cy=${d(_.level)} r="4" fill="var(--accent)">
            <title>${_.day}: ${_.moved.join(", ")}</title>
          </circle>`)}
      <text x=${ne} y=${ve-8}>${t.from}</text>
      <text x=${he-He} y=${ve-8} text-anchor="end">${t.until}</text>
    </svg>`}var se=class{diff(t,n,s={}){let r;typeof s=="function"?(r=s,s={}):"callback"in s&&(r=s.callback);let o=this.castInput(t,s),i=this.castInput(n,s),a=this.removeEmpty(this.tokenize(o,s)),l=this.removeEmpty(this.tokenize(i,s));return this.diffWithOptionsObj(a,l,s,r)}diffWithOptionsObj(t,n,s,r){var o;let i=$=>{if($=this.postProcess($,s),r){setTimeout(function(){r($)},0);return}else return $},a=n.length,l=t.length,d=1,f=a+l;s.maxEditLength!=null&&(f=Math.min(f,s.maxEditLength));let u=(o=s.timeout)!==null&&o!==void 0?o:1/0,m=Date.now()+u,p=[{oldPos:-1,lastComponent:void 0}],_=this.extractCommon(p[0],n,t,0,s);if(p[0].oldPos+1>=l&&_+1>=a)return i(this.buildValues(p[0].lastComponent,n,t));let C=-1/0,g=1/0,v=()=>{for(let $=Math.max(C,-d);$<=Math.min(g,d);$+=2){let y,T=p[$-1],N=p[$+1];T&&(p[$-1]=void 0);let j=!1;if(N){let B=N.oldPos-$;j=N&&0<=B&&B<a}let W=T&&T.oldPos+1<l;if(!j&&!W){p[$]=void 0;continue}if(!W||j&&T.oldPos<N.oldPos?y=this.addToPath(N,!0,!1,0,s):y=this.addToPath(T,!1,!0,1,s),_=this.extractCommon(y,n,t,$,s),y.oldPos+1>=l&&_+1>=a)return i(this.buildValues(y.lastComponent,n,t))||!0;p[$]=y,y.oldPos+1>=l&&(g=Math.min(g,$-1)),_+1>=a&&(C=Math.max(C,$+1))}d++};if(r)(function $(){setTimeout(function(){if(d>f||Date.now()>m)return r(void 0);v()||$()},0)})();else for(;d<=f&&Date.now()<=m;){let $=v();if($)return $}}addToPath(t,n,s,r,o){let i=t.lastComponent;return i&&!o.oneChangePerToken&&i.added===n&&i.removed===s?{oldPos:t.oldPos+r,lastComponent:{count:i.count+1,added:n,removed:s,previousComponent:i.previousComponent}}:{oldPos:t.oldPos+r,lastComponent:{count:1,added:n,removed:s,previousComponent:i}}}extractCommon(t,n,s,r,o){let i=n.length,a=s.length,l=t.oldPos,d=l-r,f=0;for(;d+1<i&&l+1<a&&this.equals(s[l+1],n[d+1],o);)d++,l++,f++,o.oneChangePerToken&&(t.lastComponent={count:1,previousComponent:t.lastComponent,added:!1,removed:!1});return f&&!o.oneChangePerToken&&(t.lastComponent={count:f,previousComponent:t.lastComponent,added:!1,removed:!1}),t.oldPos=l,d}equals(t,n,s){return s.comparator?s.comparator(t,n):t===n||!!s.ignoreCase&&t.toLowerCase()===n.toLowerCase()}removeEmpty(t){let n=[];for(let s=0;s<t.length;s++)t[s]&&n.push(t[s]);return n}castInput(t,n){return t}tokenize(t,n){return Array.from(t)}join(t){return t.join("")}postProcess(t,n){return t}get useLongestToken(){return!1}buildValues(t,n,s){let r=[],o;for(;t;)r.push(t),o=t.previousComponent,delete t.previousComponent,t=o;r.reverse();let i=r.length,a=0,l=0,d=0;for(;a<i;a++){let f=r[a];if(f.removed)f.value=this.join(s.slice(d,d+f.count)),d+=f.count;else{if(!f.added&&this.useLongestToken){let u=n.slice(l,l+f.count);u=u.map(function(m,p){let _=s[d+p];return _.length>m.length?_:m}),f.value=this.join(u)}else f.value=this.join(n.slice(l,l+f.count));l+=f.count,f.added||(d+=f.count)}}return r}};var je=class extends se{constructor(){super(...arguments),this.tokenize=vn}equals(t,n,s){return s.ignoreWhitespace?((!s.newlineIsToken||!t.includes(`
`))&&(t=t.trim()),(!s.newlineIsToken||!n.includes(`
`))&&(n=n.trim())):s.ignoreNewlineAtEof&&!s.newlineIsToken&&(t.endsWith(`
`)&&(t=t.slice(0,-1)),n.endsWith(`
`)&&(n=n.slice(0,-1))),super.equals(t,n,s)}},hn=new je;function Re(e,t,n){return hn.diff(e,t,n)}function vn(e,t){t.stripTrailingCr&&(e=e.replace(/\r\n/g,`
`));let n=[],s=e.split(/(\n|\r\n)/);s[s.length-1]||s.pop();for(let r=0;r<s.length;r++){let o=s[r];r%2&&!t.newlineIsToken?n[n.length-1]+=o:n.push(o)}return n}function Me(e,t,n,s,r,o,i){let a;i?typeof i=="function"?a={callback:i}:a=i:a={},typeof a.context>"u"&&(a.context=4);let l=a.context;if(a.newlineIsToken)throw new Error("newlineIsToken may not be used with patch-generation functions, only with diffing functions");if(a.callback){let{callback:f}=a;Re(n,s,Object.assign(Object.assign({},a),{callback:u=>{let m=d(u);f(m)}}))}else return d(Re(n,s,a));function d(f){if(!f)return;f.push({value:"",lines:[]});function u($){return $.map(function(y){return" "+y})}let m=[],p=0,_=0,C=[],g=1,v=1;for(let $=0;$<f.length;$++){let y=f[$],T=y.lines||gn(y.value);if(y.lines=T,y.added||y.removed){if(!p){let N=f[$-1];p=g,_=v,N&&(C=l>0?u(N.lines.slice(-l)):[],p-=C.length,_-=C.length)}for(let N of T)C.push((y.added?"+":"-")+N);y.added?v+=T.length:g+=T.length}else{if(p)if(T.length<=l*2&&$<f.length-2)for(let N of u(T))C.push(N);else{let N=Math.min(T.length,l);for(let W of u(T.slice(0,N)))C.push(W);let j={oldStart:p,oldLines:g-p+N,newStart:_,newLines:v-_+N,lines:C};m.push(j),p=0,_=0,C=[]}g+=T.length,v+=T.length}}for(let $ of m)for(let y=0;y<$.lines.length;y++)$.lines[y].endsWith(`
`)?$.lines[y]=$.lines[y].slice(0,-1):($.lines.splice(y+1,0,"\\ No newline at end of file"),y++);return{oldFileName:e,newFileName:t,oldHeader:r,newHeader:o,hunks:m}}}function gn(e){let t=e.endsWith(`
`),n=e.split(`
`).map(s=>s+`
`);return t?n.pop():n.push(n.pop().slice(0,-1)),n}var[Lt,bn,Oe]=[40,3,2e3],At=e=>e.replace(/\n$/,"").split(/\r?\n/),oe=new Map;function ge(e){if(!oe.has(e)){let n=(async()=>{let s=await P(`/v1/plans/${e}`),r=s.source?(await P(`/v1/plans/${e}/source`)).files:[];return{...s,files:r.map(o=>({name:o.file,text:o.text,lines:At(o.text)}))}})();oe.set(e,n),n.then(s=>s.source||oe.delete(e),()=>oe.delete(e))}return oe.get(e)}var Ft=e=>/^(?:[^"#]|"(?:\\.|[^"\\])*")*/.exec(e)[0];function Dt(e,t){let n=At(t.excerpt??"").map(l=>l.trim()),s=l=>n.every((d,f)=>!d||e.lines[l+f]?.trim().startsWith(d)),r=t.line-1,o=-1;for(let l=0;l<e.lines.length&&o<0;l++)o=[r-l,r+l].find(d=>d>=0&&d<e.lines.length&&s(d))??-1;if(o<0)return null;let[i,a]=[o,0];do{let l=Ft(e.lines[i]).trim();a+=l.endsWith("{")?1:l==="}"?-1:0,i++}while(i<e.lines.length&&(a>0||i<o+n.length));return{from:o,until:i}}var yn=({text:e,number:t})=>{let n=Ft(e);return c`<span class="l" data-line=${t}>${n}${n.length<e.length&&c`<i>${e.slice(n.length)}</i>`}${`
`}</span>`};function Ht({file:e,at:t,from:n=0,until:s=e.lines.length,tall:r}){let o=z();H(()=>{let l=o.current?.querySelector("mark");l&&(o.current.scrollTop=l.offsetTop-60)},[e,t?.from]);let i=(l,d)=>e.lines.slice(l,d).map((f,u)=>c`<${yn} text=${f} number=${l+u+1} />`),a=t?`${e.name}, line ${t.from+1}${t.until>t.from+1?` to ${t.until}`:""}`:e.name;return c`<pre class=${`code${r?" tall":""}`} ref=${o} tabindex="0" role="region" aria-label=${a}>${t?c`${i(n,t.from)}<mark>${i(t.from,t.until)}</mark>${i(t.until,s)}`:i(n,s)}</pre>`}var wn=(e,t)=>x("plans",e,t.file,String(t.line));function re({hash:e,rule:t}){let{found:n,problem:s}=k(()=>ge(e),[e]);if(!t?.file||!n&&!s)return null;let r=l=>l.file===t.file&&l.line===t.line,o={...n?.rules.find(r),...t},i=n?.files.find(l=>l.name===t.file),a=i&&Dt(i,o);return a?c`
    <${Ht} file=${i} at=${a} from=${Math.max(0,a.from-Lt)} until=${Math.min(i.lines.length,a.until+Lt)} />
    <p class="small"><a href=${wn(e,t)}><span class="mono">${t.file}:${a.from+1}</span>, the whole file</a></p>`:c`${o.excerpt&&c`<pre class="rule"><mark>${o.excerpt}</mark></pre>`}
      <p class="small soft"><span class="mono">${t.file}:${t.line}</span>${n&&!n.source&&", published without the text around it"}</p>`}var jt=({rule:e,open:t,set:n})=>c`<button class="place" aria-expanded=${t} title=${e.title} onClick=${()=>n(!t)}>${e.file}:${e.line}</button>`;function Rt({of:e,file:t,line:n}){let[s,r]=w(void 0),o=s??t??e.rules[0]?.file,i=e.files.find(f=>f.name===o)??e.files[0],a=e.rules.find(f=>f.file===i.name&&String(f.line)===n),l=i.name===t&&n?Dt(i,a??{line:Number(n)}):void 0,d=z();return H(()=>r(void 0),[t,n]),H(()=>{n&&requestAnimationFrame(()=>d.current?.scrollIntoView({block:"nearest"}))},[t,n]),c`<div ref=${d}>
    ${e.files.length>1?c`<div class="row"><label>File<select value=${i.name} onChange=${f=>r(f.target.value)}>
            ${e.files.map(f=>c`<option value=${f.name}>${f.name}</option>`)}</select></label></div>`:c`<p class="small soft mono">${i.name}</p>`}
    <${Ht} file=${i} at=${l} tall />
  </div>`}function Mt({before:e,now:t}){let n=[...new Set([...e.files,...t.files].map(i=>i.name))].sort(),s=(i,a)=>i.files.find(l=>l.name===a)?.text??"",o=n.map(i=>{let[a,l]=[s(e,i),s(t,i)];return{name:i,patch:a===l?null:Me(i,i,a,l,"","",{context:bn,timeout:2e3})}}).filter(i=>i.patch!==null);return o.length?o.map(({name:i,patch:a})=>{let l=a?.hunks.flatMap(u=>[`@@ line ${u.newStart}`,...u.lines.filter(m=>!m.startsWith("\\"))]),d={"+":"plus","-":"minus","@":"hunk"},f=l?.slice(0,Oe).map(u=>{let m=u[0]==="-"?"\u2212":u[0];return c`<span class=${`l ${d[u[0]]??""}`}>${u[0]==="@"?u.slice(3):`${m} ${u.slice(1)}`}${`
`}</span>`});return c`<h3 class="mono">${i}</h3>
      ${f?c`<pre class="code diff" tabindex="0" role="region" aria-label=${`Changes of ${i}`}>${f}</pre>`:c`<${L}>It has too little in common to say what changed.<//>`}
      ${l?.length>Oe&&c`<p class="small soft">${l.length-Oe} more lines changed.</p>`}`}):c`<${L}>Not a line of the source.<//>`}function qt(){let[e,t]=w(""),[n,s]=w(void 0),r=k(()=>P(`/v1/accounts${R({prefix:e,cursor:n,limit:100})}`),[e,n]);return c`
    <h1>Accounts</h1>
    <form class="row" role="search" onSubmit=${o=>o.preventDefault()}>
      <label>Name begins with
        <input type="search" value=${e} onInput=${o=>(t(o.target.value),s(void 0))} />
      </label>
    </form>
    <${E} problem=${r.problem} />
    <${b} title="All accounts">
      ${r.found?.accounts.length===0&&c`<${L}>None.<//>`}
      <${F} head=${["Account","Plan","Billed as","From","Until"]} label="Accounts">
        ${r.found?.accounts.map(o=>c`<tr>
            <td><a href=${x("accounts",o.account)}>${o.account}</a></td>
            <td>${o.plan}</td><td>${o.billed}</td><td>${o.from??"always"}</td><td>${o.until??""}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&c`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${r.found?.next&&c`<button onClick=${()=>s(r.found.next)}>Next page</button>`}
      </div>
    <//>`}var qe=e=>{let[t]=e.cells,s=e.cells.length===1&&t.labels.length===0&&t.covered==="0"&&e.steps.length===0?t.tiers.filter(r=>r.quantity!=="0"):[];return s.length===1?s[0]:void 0},xn=({line:e})=>!qe(e)&&e.cells.flatMap(t=>{let n=t.labels.map(r=>r.label).join(", ");return[t.covered!=="0"&&c`<tr class="part"><td>${n} included</td><td class="num">${h(t.covered)}</td><td></td><td class="num">0</td></tr>`,...t.tiers.filter(r=>r.quantity!=="0").map((r,o,i)=>c`<tr class="part">
            <td>${[n,i.length>1&&`tier ${o+1}`].filter(Boolean).join(", ")}</td>
            <td class="num">${h(r.quantity)}</td><td class="num">${h(r.rate)}</td><td class="num">${h(r.amount)}</td>
          </tr>`)]});function kn({line:e,hash:t}){let[n,s]=w(!1);return c`
    <tr><td>${D(e.name)}${e.corrects&&c` <span class="tag warm">corrects ${O(e.corrects)}</span>`}</td>
      <td class="num">${e.quantity&&`${h(e.quantity.value)} ${e.quantity.unit}`}</td><td class="num">${qe(e)&&h(qe(e).rate)}</td>
      <td class="num">${h(e.amount)} ${e.currency??""}</td></tr>
    ${e.rule?.file&&c`<tr class="where"><td colspan="4"><${jt} rule=${e.rule} open=${n} set=${s} /></td></tr>`}
    ${n&&c`<tr class="beside"><td colspan="4"><${re} hash=${t} rule=${e.rule} /></td></tr>`}
    <${xn} line=${e} />
    ${e.steps.map(r=>c`<tr class="part"><td>${r.label}</td><td></td><td></td><td class="num">${h(r.change)}</td></tr>`)}
    ${(e.paid??[]).map(r=>c`<tr class="part"><td>paid from ${D(r.by)}</td><td></td><td></td><td class="num">(${h(r.amount)})</td></tr>`)}`}var We=({invoice:e,hash:t})=>c`
  <${F} head=${["Line",">Quantity",">Rate",`>Amount (${e.currency})`]} label="Lines">
    ${e.lines.map(n=>c`<${kn} key=${JSON.stringify([n.name,n.corrects])} line=${n} hash=${t} />`)}
    <tr class="sum"><td>Total</td><td></td><td></td><td class="num">${h(e.total)}</td></tr>
    ${e.due!==e.total&&c`<tr class="sum"><td>To pay</td><td></td><td></td><td class="num">${h(e.due)}</td></tr>`}
  <//>`,Ot=(e,t)=>{let[n,s]=[e,t].map(r=>String(r).split("/").reduce((o,i)=>Number(o)/Number(i)));return Math.max(0,Math.min(100,Number(n)/Number(s)*100||0))},Ue=({used:e,limit:t,label:n})=>c`
  <div class=${`bar${Ot(e,t)>=100?" bad":""}`} role="img" aria-label=${`${n}: ${h(e)} of ${h(t)}`}>
    <i style=${{width:`${Ot(e,t)}%`}}></i>
  </div>`,Cn=({invoice:e})=>{let t=e.payment;if(!t)return null;let n=new Date().toISOString().slice(0,10),s=t.balances.filter(r=>[r.opened,r.granted,r.topped_up].some(o=>/[1-9]/.test(o)));return c`
    ${s.map(r=>c`
        <${b} title=${`Wallet ${D(r.name)}`}>
          <dl class="figures">
            <div><dt>left (${r.currency})</dt><dd>${h(r.closed)}</dd></div>
            <div><dt>used</dt><dd>${h(r.used)}</dd></div>
          </dl>
          <${It} points=${Nt(r,t.ledger,e.period)} period=${e.period} today=${n} label=${`Balance of ${D(r.name)}`} unit=${r.currency} />
          <details><summary>Lots</summary>
            <${F} head=${["Lot","Came","Gone",">Amount",">Left"]} label="Lots">
              ${r.lots.map(o=>c`<tr><td>${o.name}</td><td>${o.came}</td><td>${o.gone??""}</td><td class="num">${h(o.amount)}</td><td class="num">${h(o.left)}</td></tr>`)}
            <//>
          </details>
        <//>`)}
    ${t.commitments.map(r=>c`
        <${b} title=${`Commitment ${D(r.name)}`}>
          <p>${h(r.total)} of ${h(r.amount)} ${e.currency} since ${r.from}${r.until?`, until ${r.until}`:""}</p>
          <${Ue} used=${r.total} limit=${r.amount} label=${D(r.name)} />
        <//>`)}`};function Ut({name:e}){let[t,n]=w(""),s=k(()=>P(`/v1/accounts/${encodeURIComponent(e)}/invoice${R({on:t})}`),[e,t],3e3),r=k(()=>P(`/v1/accounts/${encodeURIComponent(e)}/entitlements`),[e],5e3),o=k(()=>P(`/v1/accounts/${encodeURIComponent(e)}/events?limit=12`),[e],3e3),i=k(()=>P(`/v1/invoices${R({account:e})}`),[e],1e4),a=s.found?.invoice;return c`
    <h1>${e} ${s.found&&c`<small>on <a href=${x("plans",s.found.plan.hash)}>${s.found.plan.name}</a></small>`}</h1>
    <form class="row" onSubmit=${l=>l.preventDefault()}>
      <label>Period that holds the day<input type="date" value=${t} onInput=${l=>n(l.target.value)} /></label>
      ${t&&c`<button type="button" onClick=${()=>n("")}>Today</button>`}
    </form>
    <${E} problem=${s.problem} />
    <div class="grid">
      ${a&&c`<${b} title=${`What is owed for ${O(a.period)}`} wide>
        <p><span class=${`tag ${s.found.status==="finalised"?"good":""}`}>${s.found.status}</span>
          ${s.found.number&&c` <a href=${x("invoices",s.found.number)}>${s.found.number}</a>`}
          <span class="soft small"> as of entry ${h(s.found.as_of_entry)}</span></p>
        ${a.lines.length?c`<${We} invoice=${a} hash=${s.found.plan.hash} />`:c`<${L}>Nothing yet.<//>`}
      <//>`}
      ${a&&c`<${Cn} invoice=${a} />`}
      ${a?.allowances.map(l=>c`<${b} title=${`Included: ${D(l.name)}`}>
          <p>${h(l.used)} of ${h(l.granted)} ${l.unit} used</p>
          <${Ue} used=${l.used} limit=${l.granted} label=${D(l.name)} />
        <//>`)}
      ${r.found?.features.length>0&&c`<${b} title="What it may do" wide>
        <${F} head=${["Feature","State",">Used",">Held",">Left"]} label="Features">
          ${r.found.features.map(l=>c`<tr>
              <td>${D(l.name)}</td>
              <td>${l.kind==="text"?l.text:l.kind==="flag"?c`<span class=${`tag ${l.on?"good":"bad"}`}>${l.on?"on":"off"}</span>`:c`limit ${h(l.limit)} ${l.unit}${!l.hard&&" (soft)"}<${Ue} used=${l.used} limit=${l.limit} label=${D(l.name)} />`}</td>
              <td class="num">${l.limit&&h(l.used)}</td><td class="num">${l.limit&&h(l.held)}</td><td class="num">${h(l.left)}</td>
            </tr>`)}
        <//>
      <//>`}
      <${b} title="Events, the latest first">
        <${E} problem=${o.problem} />
        ${o.found?.events.length===0&&c`<${L}>None yet.<//>`}
        <${F} head=${["Happened","Event","Type"]} label="Events">
          ${o.found?.events.map(l=>c`<tr key=${l.seq}><td class="small">${G(l.happened)}</td>
              <td><a href=${x("event",l.event.source??"",l.event.id)}>${l.event.id}</a>${!l.counts&&c` <span class="tag bad">taken back</span>`}</td><td>${l.event.type}</td></tr>`)}
        <//>
      <//>
      <${b} title="Invoices and notes">
        ${i.found?.invoices.length===0&&c`<${L}>No period is closed yet.<//>`}
        <ul>${i.found?.invoices.map(l=>c`<li><a href=${x("invoices",l.number)}>${l.number}</a> ${O(l.period)}, ${h(l.total)} ${l.currency}${l.status==="disputed"&&c` <span class="tag bad">disputed</span>`}</li>`)}</ul>
      <//>
    </div>`}var be=e=>e?.$ref?.split("/").at(-1);function ye({schema:e,all:t,depth:n=0}){let s=be(e)?t[be(e)]:e;if(!s)return null;let r=s.enum?s.enum.map(i=>JSON.stringify(i)).join(" | "):[s.type].flat().filter(Boolean).join(" or "),o=s.items??(typeof s.additionalProperties=="object"?s.additionalProperties:null);return n>4?c`<span class="soft">${be(e)??r}</span>`:c`
    <span class="soft mono">${be(e)??""} ${r}${s.format?` (${s.format})`:""}${s.default!==void 0?`, ${JSON.stringify(s.default)} unless given`:""}</span>
    ${s.description&&c` <span class="small">${s.description}</span>`}
    ${s.properties&&c`<ul>${Object.entries(s.properties).map(([i,a])=>c`<li><code>${i}</code>${s.required?.includes(i)?"":c` <span class="soft small">optional</span>`} <${ye} schema=${a} all=${t} depth=${n+1} /></li>`)}</ul>`}
    ${o&&c`<div class="inside">of <${ye} schema=${o} all=${t} depth=${n+1} /></div>`}`}var Wt=({content:e,all:t})=>Object.entries(e??{}).map(([n,{schema:s}])=>c`<div><code>${n}</code> <${ye} schema=${s} all=${t} /></div>`);function Sn({path:e,method:t,op:n,all:s}){let r=`curl -X ${t.toUpperCase()} -H "authorization: Bearer $KEY"${n.requestBody?` -H 'content-type: ${Object.keys(n.requestBody.content)[0]}' -d @body`:""} ${location.origin}${e}`;return c`<details class="card" id=${n.operationId}>
    <summary><span class="tag">${t.toUpperCase()}</span> <code>${e}</code> ${n.summary}</summary>
    ${n["x-role"]&&c`<p class="small">Needs the role <code>${n["x-role"]}</code>.</p>`}
    <pre>${r}</pre>
    ${n.parameters&&c`<h3>Parameters</h3><ul>${n.parameters.map(o=>c`<li><code>${o.name}</code> <span class="soft small">in ${o.in}${o.required?"":", optional"}</span> ${o.description} <${ye} schema=${o.schema} all=${s} /></li>`)}</ul>`}
    ${n.requestBody&&c`<h3>Body</h3><${Wt} content=${n.requestBody.content} all=${s} />`}
    <h3>Answers</h3>
    <${F} head=${["Status","Means","Form"]} label="Answers">
      ${Object.entries(n.responses).map(([o,i])=>c`<tr><td>${o}</td><td>${i.description}</td><td><${Wt} content=${i.content} all=${s} /></td></tr>`)}
    <//>
  </details>`}function Bt(){let{found:e,problem:t}=k(()=>P("/openapi.json"),[]),[n,s]=w(""),r=e?.components.schemas??{},i=Object.entries(e?.paths??{}).flatMap(([a,l])=>Object.entries(l).map(([d,f])=>({path:a,method:d,op:f}))).filter(({path:a,op:l})=>!n||`${a} ${l.summary} ${l.operationId}`.toLowerCase().includes(n.toLowerCase()));return c`
    <h1>The HTTP API</h1>
    <p class="soft">${e?.info.description} For machines: <a href="/openapi.json">/openapi.json</a>. A code in an answer leads to its page: <a href="/problems/S007">/problems/S007</a>.</p>
    <form class="row" role="search" onSubmit=${a=>a.preventDefault()}>
      <label>Find<input type="search" value=${n} onInput=${a=>s(a.target.value)} /></label>
    </form>
    <${E} problem=${t} />
    ${i.map(a=>c`<${Sn} key=${a.method+a.path} ...${a} all=${r} />`)}
    ${e&&i.length===0&&c`<${b} title="None"><p class="empty">Nothing is called so.</p><//>`}`}var ie=(e,t)=>e.split(`
`).filter(n=>n.startsWith(t)&&!n.startsWith("#")).reduce((n,s)=>n+Number(s.slice(s.lastIndexOf(" ")+1)),0);function Be(e,t){let[n,s]=w([]),[r,o]=w(!1),[i,a]=w(!1);return H(()=>{if(!i)return kt(e,l=>s(d=>[l,...d].slice(0,t)),o)},[e,i]),{rows:n,live:r,paused:i,pause:a}}var Ve=({rows:e})=>c`
  <${F} head=${["Event","Account","Type","Entry"]} label="Events">
    ${e.map(t=>c`<tr key=${t.seq} class="fresh">
        <td><a href=${x("event",t.event.source??"",t.event.id)}>${t.event.id}</a></td>
        <td><a href=${x("accounts",t.account)}>${t.account}</a></td>
        <td>${t.type}</td>
        <td class="soft">${t.seq}</td>
      </tr>`)}
  <//>`;function Vt(){let e=k(async()=>{let i=await _e("/metrics");return{entries:ie(i,"price_log_durable_entry"),repeats:ie(i,'price_events_total{result="duplicate"}'),refused:ie(i,'price_events_total{result="rejected"}')+ie(i,'price_events_total{result="conflict"}'),ready:ie(i,"price_ready")===1}},[],2e3),t=k(()=>P("/v1/plans"),[],1e4),n=k(()=>P("/v1/invoices?limit=1000"),[],1e4),s=k(()=>P("/v1/accounts?limit=8"),[],1e4),r=Be(void 0,8),o=e.found??{};return c`
    <h1>Overview</h1>
    <${E} problem=${e.problem} />
    <div class="grid">
      <${b} title="This server" wide>
        <dl class="figures">
          <div><dt>entries in the log</dt><dd>${h(o.entries??0)}</dd></div>
          <div><dt>repeats since the start</dt><dd>${h(o.repeats??0)}</dd></div>
          <div><dt>rejects since the start</dt><dd>${h(o.refused??0)}</dd></div>
          <div><dt>plans</dt><dd>${new Set(t.found?.plans.map(i=>i.name)).size}</dd></div>
          <div><dt>health</dt><dd><span class=${`tag ${o.ready?"good":"bad"}`}>${o.ready?"ready":"not ready"}</span></dd></div>
        </dl>
      <//>
      <${b} title="Events as they come">
        ${r.rows.length?c`<${Ve} rows=${r.rows} />`:c`<${L}>${r.live?"Listening; nothing came yet.":"Connecting\u2026"}<//>`}
      <//>
      <${b} title="Accounts">
        <${E} problem=${s.problem} />
        ${s.found?.accounts.length===0&&c`<${L}>Nobody is on a plan yet.<//>`}
        <ul>${[...new Map(s.found?.accounts.map(i=>[i.account,i])).values()].map(i=>c`<li><a href=${x("accounts",i.account)}>${i.account}</a> <span class="soft">on ${i.plan}</span></li>`)}</ul>
        ${s.found?.next&&c`<a href=${x("accounts")}>all of them</a>`}
      <//>
      <${b} title="Issued last">
        <${E} problem=${n.problem} />
        ${n.found?.invoices.length===0&&c`<${L}>No period is closed yet. Drafts are with the accounts.<//>`}
        <ul>${n.found?.invoices.slice(-6).reverse().map(i=>c`<li><a href=${x("invoices",i.number)}>${i.number}</a> ${i.account}, ${h(i.total)} ${i.currency}</li>`)}</ul>
      <//>
      <${b} title="Plans in force">
        <ul>${t.found?.plans.filter(i=>i.latest).map(i=>c`<li><a href=${x("plans",i.hash)}>${i.name}</a> <span class="soft">known since ${i.since}</span></li>`)}</ul>
      <//>
    </div>`}function zt(){let[e,t]=w({source:"",id:""}),[n,s]=w(""),r=Be(void 0,500),o=r.rows.filter(i=>!n||[i.account,i.type,i.event.id].some(a=>String(a).includes(n)));return c`
    <h1>Events</h1>
    <div class="grid">
      <${b} title="Find an event">
        <form class="row" onSubmit=${i=>(i.preventDefault(),location.hash=x("event",e.source,e.id))}>
          <label>Source<input value=${e.source} onInput=${i=>t({...e,source:i.target.value})} /></label>
          <label>Id<input required value=${e.id} onInput=${i=>t({...e,id:i.target.value})} /></label>
          <button class="main">Show its path</button>
        </form>
        <p class="soft small">From the record to the line of the invoice and to the line of the contract.</p>
      <//>
      <${b} title="As they come" wide>
        <div class="row">
          <label>Account, type or id holds<input type="search" value=${n} onInput=${i=>s(i.target.value)} /></label>
          <button aria-pressed=${r.paused} onClick=${()=>r.pause(!r.paused)}>${r.paused?"Go on":"Pause"}</button>
          <span class=${`tag ${r.live&&!r.paused?"good":""}`} role="status">${r.paused?"paused":r.live?"live":"connecting"}</span>
        </div>
        ${o.length?c`<${Ve} rows=${o.slice(0,100)} />`:c`<${L}>Nothing that fits came since this page was opened.<//>`}
      <//>
    </div>`}var Pn=e=>{let t=e.cells.flatMap(s=>s.rules),n=t.length?t:[e.rule];return n.filter((s,r)=>n.findIndex(o=>o.file===s.file&&o.line===s.line)===r)};function Gt({source:e,id:t}){let{found:n,problem:s}=k(()=>P(`/v1/events/path${R({source:e,id:t})}`),[e,t]),r=n?.state.status;return c`
    <h1>Event ${t} <small>${e&&`of ${e}`}</small></h1>
    <${E} problem=${s} />
    ${n&&c`<${b} title="Its path"><ol class="path">
      <li><h2>Record <span class=${`tag ${r==="current"?"good":"bad"}`}>${r==="current"?"counts":r}</span></h2>
        <p class="small soft">entry ${h(n.seq)}, happened ${G(n.happened)}, recorded ${G(n.recorded)}${n.set&&`, backfill ${n.set}`}</p>
        <pre>${JSON.stringify(n.event,null,2)}</pre></li>
      <li><h2>Account <a href=${x("accounts",n.account)}>${n.account}</a></h2>
        <p class="small soft">billed as ${n.billed}, on <a href=${x("plans",n.plan.hash)}>${n.plan.name}</a></p></li>
      ${n.allowances.map(o=>c`<li><h2>${h(o.drawn)} ${o.unit} from what is included: ${D(o.name)}</h2><${re} hash=${n.plan.hash} rule=${o.rule} /></li>`)}
      ${n.lines.map(o=>c`<li><h2>Line ${D(o.name)}${o.meter&&c` <span class="soft">by meter ${D(o.meter)}</span>`}</h2>
          <p>${o.quantity!==null&&c`${h(o.quantity)} ${o.unit} `}${o.amount!==null?c`add <strong>${h(o.amount)} ${o.currency}</strong>`:c`<span class="soft">what it adds depends on the others</span>`}</p>
          ${o.cells.map(i=>c`
              ${i.tiers.length>0&&c`<${F} head=${["Tier",">Quantity",">Rate",">Amount"]} label="Tiers">
                ${i.tiers.map(a=>c`<tr><td>above ${h(a.from)}${a.to&&` up to ${h(a.to)}`}</td><td class="num">${h(a.quantity)}</td><td class="num">${h(a.rate)}</td><td class="num">${h(a.amount)}</td></tr>`)}
              <//>`}`)}
          ${Pn(o).map(i=>c`<${re} hash=${n.plan.hash} rule=${i} />`)}</li>`)}
      ${n.lines.length===0&&c`<li><h2>No line</h2><p class="soft">No price counts it${r==="current"?"":", for it was taken back"}.</p></li>`}
      <li><h2>Invoice of ${O(n.invoiced)}</h2>
        <p class="small soft">${n.late?`It happened in ${O(n.period)}, and came after that was closed.`:"The period in which it happened."}</p></li>
    </ol><//>`}
    ${n?.earlier.length>0&&c`<${b} title="Contents it had before"><ul>${n.earlier.map(o=>c`<li>entry ${o.seq}: ${o.state.status}<pre>${JSON.stringify(o.event,null,2)}</pre></li>`)}</ul><//>`}`}function Jt(){let[e,t]=w({account:"",kind:"",disputed:""}),[n,s]=w(void 0),r=k(()=>P(`/v1/invoices${R({...e,cursor:n,limit:100})}`),[e,n],1e4),o=k(()=>P("/v1/billing/held"),[],1e4),i=a=>l=>(t({...e,[a]:l.target.value}),s(void 0));return c`
    <h1>Invoices</h1>
    <form class="row" onSubmit=${a=>a.preventDefault()}>
      <label>Billed<input type="search" value=${e.account} onChange=${i("account")} /></label>
      <label>Kind<select value=${e.kind} onChange=${i("kind")}>
        <option value="">all</option><option value="invoice">invoices</option><option value="credit-note">credit notes</option><option value="debit-note">debit notes</option>
      </select></label>
      <label>State<select value=${e.disputed} onChange=${i("disputed")}><option value="">all</option><option value="true">disputed</option></select></label>
    </form>
    <${E} problem=${r.problem} />
    ${o.found?.held.length>0&&c`<${b} title="Periods that cannot be settled"><ul>${o.found.held.map(a=>c`<li>${a.account} on ${a.plan} from ${a.from}: ${a.why}</li>`)}</ul><//>`}
    <${b} title="In the order in which they were issued">
      ${r.found?.invoices.length===0&&c`<${L}>${Object.values(e).some(Boolean)?"None that fits.":"No period is closed yet. A period closes when its grace is over; drafts are with the accounts."}<//>`}
      <${F} head=${["Number","Billed","Period","Issued",">Total",">To pay",""]} label="Invoices">
        ${r.found?.invoices.map(a=>c`<tr>
            <td><a href=${x("invoices",a.number)}>${a.number}</a></td><td><a href=${x("accounts",a.account)}>${a.account}</a></td>
            <td>${O(a.period)}</td><td>${a.issued}</td>
            <td class="num">${h(a.total)} ${a.currency}</td><td class="num">${h(a.due)}</td>
            <td>${a.kind!=="invoice"&&c`<span class="tag warm">${a.kind} for ${a.corrects}</span> `}${a.status==="disputed"&&c`<span class="tag bad">disputed</span>`}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&c`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${r.found?.next&&c`<button onClick=${()=>s(r.found.next)}>Next page</button>`}
      </div>
    <//>`}function Kt({number:e}){let t=`/v1/invoices/${encodeURIComponent(e)}`,{found:n,problem:s}=k(()=>P(t),[e]),r=k(()=>_e(`${t}/html`),[e]),[o,i]=w(void 0),a=async()=>{try{let l=URL.createObjectURL(await wt(`${t}/pdf`));Object.assign(document.createElement("a"),{href:l,download:`${e}.pdf`}).click(),setTimeout(()=>URL.revokeObjectURL(l),1e4)}catch(l){i(l)}};return c`
    <h1>${e} ${n&&c`<small>${n.kind.replace("-"," ")} for <a href=${x("accounts",n.account)}>${n.account}</a></small>`}</h1>
    <${E} problem=${s??o} />
    ${n&&c`<${b} title="About it">
      <p>${h(n.total)} ${n.currency} for ${O(n.period)}, issued ${n.issued}${n.payable&&`, payable by ${n.payable}`}
        <span class=${`tag ${n.status==="disputed"?"bad":"good"}`}>${n.status}</span></p>
      ${n.corrects&&c`<p>Corrects <a href=${x("invoices",n.corrects)}>${n.corrects}</a>${n.reason&&`: ${n.reason}`}</p>`}
      ${n.corrected_by?.length>0&&c`<p>Corrected by ${n.corrected_by.map(l=>c`<a href=${x("invoices",l)}>${l}</a> `)}</p>`}
      ${n.disputes.map(l=>c`<p>${l.line?`Line ${l.line}`:"All of it"} contested: ${l.reason}${l.outcome&&` (${l.outcome})`}</p>`)}
      ${Object.entries(n.references).map(([l,d])=>c`<p>${l}: <span class="mono">${d}</span></p>`)}
      <p class="small soft">Plan <a href=${x("plans",n.plan.hash)}>${n.plan.name}</a>, knows entries up to ${h(n.cutoff_entry)}, contents <span class="mono">${n.invoice_blake3.slice(0,16)}…</span></p>
      <div class="row"><button onClick=${a}>Save as PDF</button></div>
    <//>`}
    ${n?.invoice?.lines?.length>0&&c`<${b} title="Its lines, and the contract"><${We} invoice=${n.invoice} hash=${n.plan.hash} /><//>`}
    ${r.found&&c`<iframe title=${`${e} as it is sent`} sandbox="" srcdoc=${r.found}></iframe>`}`}function Yt(){let{found:e,problem:t}=k(()=>P("/v1/plans"),[],5e3);return c`
    <h1>Plans</h1>
    <${E} problem=${t} />
    <${b} title="All versions">
      ${e?.plans.length===0&&c`<${L}>No plan is published yet: price build, then POST /v1/plans.<//>`}
      <${F} head=${["Plan","Known since","Entry","Meaning","Signed by",""]} label="Plans">
        ${e?.plans.map(n=>c`<tr>
            <td><a href=${x("plans",n.hash)}>${n.name}</a></td><td>${n.since}</td><td>${h(n.seq)}</td>
            <td class="mono small">${n.hash.slice(0,12)}</td><td>${n.signer}</td><td>${n.latest&&c`<span class="tag good">in force</span>`}</td>
          </tr>`)}
      <//>
    <//>`}var Qt=(e,t)=>e.title===t.title&&e.within===t.within&&e.excerpt===t.excerpt,Tn=({before:e,now:t})=>{let n=t.rules.filter(r=>!e.rules.some(o=>Qt(r,o))),s=e.rules.filter(r=>!t.rules.some(o=>Qt(r,o)));return c`
    ${n.length+s.length===0&&c`<${L}>No rule changed.<//>`}
    <div class="diff">${s.map(r=>c`<pre class="minus">− ${r.excerpt}</pre>`)}${n.map(r=>c`<pre class="plus">+ ${r.excerpt}</pre>`)}</div>`};function En({now:e,others:t}){let[n,s]=w(t.at(-1).hash),{found:r,problem:o}=k(()=>ge(n),[n]);return c`<${b} title="What changed" wide>
    <div class="row"><label>Since the version of<select value=${n} onChange=${i=>s(i.target.value)}>
      ${t.map(i=>c`<option value=${i.hash}>${i.since}, entry ${i.seq}</option>`)}
    </select></label></div>
    <${E} problem=${o} />
    ${r&&(r.source&&e.source?c`<${Mt} before=${r} now=${e} />`:c`<${Tn} before=${r} now=${e} />`)}
  <//>`}function Zt({hash:e,file:t,line:n}){let{found:s,problem:r}=k(async()=>{let[u,m]=await Promise.all([ge(e),P("/v1/plans")]),p=m.plans.filter(g=>g.name===u.name).sort((g,v)=>g.seq-v.seq),_=p.slice(0,p.findLastIndex(g=>g.hash===e)),C=_.filter((g,v)=>g.hash!==e&&_.findLastIndex($=>$.hash===g.hash)===v);return{now:u,versions:p,others:C}},[e]),{now:o,versions:i,others:a}=s??{},l=u=>u.file===t&&String(u.line)===n,d=a?.length>0&&c`<${En} now=${o} others=${a} />`,f=o&&(o.source?c`<${b} title="As it is written" wide><div class="sides">
          <ul class="rules" aria-label="Rules">${o.rules.map(u=>c`<li><a href=${x("plans",e,u.file,String(u.line))} aria-current=${l(u)?"true":void 0}>${u.title}</a> <${De} rule=${u} /></li>`)}</ul>
          <${Rt} of=${o} file=${t} line=${n} />
        </div><//>`:c`<${b} title="Rules, as they are written" wide>
          ${o.rules.map(u=>c`<div><${De} rule=${u} /><pre class="rule">${u.excerpt}</pre></div>`)}
        <//>`);return c`
    <h1>${o?.name} <small class="mono">${e.slice(0,12)}</small></h1>
    <${E} problem=${r} />
    ${o&&c`<div class="grid">
      <${b} title="Versions" wide>
        <ul>${i.map(u=>c`<li>${u.hash===e?c`<strong>${u.since}</strong>`:c`<a href=${x("plans",u.hash)}>${u.since}</a>`} <span class="soft">entry ${u.seq}${u.signer?`, signed by ${u.signer}`:""}${u.latest?", in force":""}</span></li>`)}</ul>
      <//>
      ${n?[f,d]:[d,f]}
    </div>`}`}function Nn({reject:e,again:t}){let[n,s]=w(JSON.stringify(e.record,null,2)),[r,o]=w({}),i=async a=>{a.preventDefault();try{let l=await xt(`/v1/rejects/${e.seq}/retry`,n);o({result:l}),l.status==="accepted"&&t()}catch(l){o({problem:l})}};return c`
    <section class="card" aria-label=${`Reject ${e.seq}`}>
      <h2>${e.message} <a class="tag bad" href=${`/problems/${e.code}`}>${e.code}</a></h2>
      <p class="small soft">entry ${e.seq}, came ${G(e.recorded)}</p>
      <details><summary>Record</summary>
        <form onSubmit=${i}>
          <label>Mend it here<textarea spellcheck="false" value=${n} onInput=${a=>s(a.target.value)}></textarea></label>
          <div class="row"><button class="main">Send it again</button></div>
        </form>
        ${r.result&&c`<p role="status">${r.result.status}${r.result.message?`: ${r.result.message}`:""}</p>`}
        <${E} problem=${r.problem} />
      </details>
    </section>`}function Xt(){let[e,t]=w(void 0),n=k(()=>P(`/v1/rejects${R({cursor:e,limit:50})}`),[e]);return c`
    <h1>Rejects</h1>
    <p class="soft">Events that did not fit are kept with their reason. A plan or an account is mended, or the record, and they are sent again.</p>
    <${E} problem=${n.problem} />
    ${n.found?.rejects.length===0&&c`<${b} title="None"><${L}>Everything that came fits.<//><//>`}
    ${n.found?.rejects.map(s=>c`<${Nn} key=${s.seq} reject=${s} again=${n.again} />`)}
    <div class="row">
      ${e&&c`<button onClick=${()=>t(void 0)}>First page</button>`}
      ${n.found?.next&&c`<button onClick=${()=>t(n.found.next)}>Next page</button>`}
    </div>`}var ze=[["","Overview",Vt],["accounts","Accounts",qt,([e])=>c`<${Ut} key=${e} name=${e} />`],["events","Events",zt],["invoices","Invoices",Jt,([e])=>c`<${Kt} key=${e} number=${e} />`],["rejects","Rejects",Xt],["plans","Plans",Yt,([e,t,n])=>c`<${Zt} key=${e} hash=${e} file=${t} line=${n} />`],["api","API",Bt]],en=()=>{try{return location.hash.replace(/^#\/?/,"").split("/").map(decodeURIComponent)}catch{return[""]}};function In(){let[e,t]=w(en);return H(()=>{let n=()=>t(en());return addEventListener("hashchange",n),()=>removeEventListener("hashchange",n)},[]),e}function Ln(){let e=z(),[t,n]=w("");return H(()=>{let r=()=>e.current?.open||e.current?.showModal();return addEventListener("price-key-wanted",r),()=>removeEventListener("price-key-wanted",r)},[]),c`<dialog ref=${e} aria-labelledby="sign-in">
    <h2 id="sign-in">This server asks for a key</h2>
    <p class="soft small">One with the role <code>read</code>, made by <code>price keys add</code>. It is kept in this tab only.</p>
    <form method="dialog" onSubmit=${()=>{Q.set(t.trim()),location.reload()}}>
      <label>API key<input type="password" autocomplete="off" required value=${t} onInput=${r=>n(r.target.value)} /></label>
      <div class="row"><button class="main">Use it</button></div>
    </form>
  </dialog>`}function An(){let[e,...t]=In(),n=z(),s=z(!0),r=ze.find(([a])=>a===(e==="event"?"events":e))??ze[0];H(()=>{document.title=`${[r[1],...t].filter(Boolean).join(" \xB7 ")} \xB7 Price`,s.current||n.current?.focus(),s.current=!1,scrollTo(0,0)},[e,...t]);let[,,o,i]=r;return c`
    <div class="top"><div>
      <a class="brand" href="#/">Price</a>
      <nav aria-label="Views"><ul>
        ${ze.map(([a,l])=>c`<li><a href=${a?x(a):"#/"} aria-current=${r[0]===a?"page":void 0}>${l}</a></li>`)}
      </ul></nav>
      <div class="end">${Q.get()&&c`<button onClick=${()=>(Q.set(""),location.reload())}>Sign out</button>`}</div>
    </div></div>
    <main id="content" ref=${n} tabindex="-1">
      ${e==="event"?c`<${Gt} key=${t.join("/")} source=${t[0]??""} id=${t[1]??""} />`:t[0]&&i?i(t):c`<${o} />`}
    </main>
    <${Ln} />`}var tn=document.getElementById("app");tn.textContent="";lt(c`<${An} />`,tn);
