var fe,P,Xe,ln,z,Ke,et,tt,nt,Pe,ke,Ce,cn,X={},st=[],un=/acit|ex(?:s|g|n|p|$)|rph|grid|ows|mnc|ntw|ine[ch]|zoo|^ord|itera/i,$e=Array.isArray;function W(e,t){for(var n in t)e[n]=t[n];return e}function Te(e){e&&e.parentNode&&e.parentNode.removeChild(e)}function Ee(e,t,n){var s,a,o,r={};for(o in t)o=="key"?s=t[o]:o=="ref"?a=t[o]:r[o]=t[o];if(arguments.length>2&&(r.children=arguments.length>3?fe.call(arguments,2):n),typeof e=="function"&&e.defaultProps!=null)for(o in e.defaultProps)r[o]===void 0&&(r[o]=e.defaultProps[o]);return ue(e,r,s,a,null)}function ue(e,t,n,s,a){var o={type:e,props:t,key:n,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,constructor:void 0,__v:a??++Xe,__i:-1,__u:0};return a==null&&P.vnode!=null&&P.vnode(o),o}function me(e){return e.children}function de(e,t){this.props=e,this.context=t}function K(e,t){if(t==null)return e.__?K(e.__,e.__i+1):null;for(var n;t<e.__k.length;t++)if((n=e.__k[t])!=null&&n.__e!=null)return n.__e;return typeof e.type=="function"?K(e):null}function ot(e){var t,n;if((e=e.__)!=null&&e.__c!=null){for(e.__e=e.__c.base=null,t=0;t<e.__k.length;t++)if((n=e.__k[t])!=null&&n.__e!=null){e.__e=e.__c.base=n.__e;break}return ot(e)}}function Qe(e){(!e.__d&&(e.__d=!0)&&z.push(e)&&!pe.__r++||Ke!=P.debounceRendering)&&((Ke=P.debounceRendering)||et)(pe)}function pe(){for(var e,t,n,s,a,o,r,i=1;z.length;)z.length>i&&z.sort(tt),e=z.shift(),i=z.length,e.__d&&(n=void 0,s=void 0,a=(s=(t=e).__v).__e,o=[],r=[],t.__P&&((n=W({},s)).__v=s.__v+1,P.vnode&&P.vnode(n),Ne(t.__P,n,s,t.__n,t.__P.namespaceURI,32&s.__u?[a]:null,o,a??K(s),!!(32&s.__u),r),n.__v=s.__v,n.__.__k[n.__i]=n,it(o,n,r),s.__e=s.__=null,n.__e!=a&&ot(n)));pe.__r=0}function rt(e,t,n,s,a,o,r,i,u,d,p){var c,$,f,b,h,y,v,m=s&&s.__k||st,x=t.length;for(u=dn(n,t,m,u,x),c=0;c<x;c++)(f=n.__k[c])!=null&&($=f.__i==-1?X:m[f.__i]||X,f.__i=c,y=Ne(e,f,$,a,o,r,i,u,d,p),b=f.__e,f.ref&&$.ref!=f.ref&&($.ref&&Ie($.ref,null,f),p.push(f.ref,f.__c||b,f)),h==null&&b!=null&&(h=b),(v=!!(4&f.__u))||$.__k===f.__k?u=at(f,u,e,v):typeof f.type=="function"&&y!==void 0?u=y:b&&(u=b.nextSibling),f.__u&=-7);return n.__e=h,u}function dn(e,t,n,s,a){var o,r,i,u,d,p=n.length,c=p,$=0;for(e.__k=new Array(a),o=0;o<a;o++)(r=t[o])!=null&&typeof r!="boolean"&&typeof r!="function"?(u=o+$,(r=e.__k[o]=typeof r=="string"||typeof r=="number"||typeof r=="bigint"||r.constructor==String?ue(null,r,null,null,null):$e(r)?ue(me,{children:r},null,null,null):r.constructor==null&&r.__b>0?ue(r.type,r.props,r.key,r.ref?r.ref:null,r.__v):r).__=e,r.__b=e.__b+1,i=null,(d=r.__i=pn(r,n,u,c))!=-1&&(c--,(i=n[d])&&(i.__u|=2)),i==null||i.__v==null?(d==-1&&(a>p?$--:a<p&&$++),typeof r.type!="function"&&(r.__u|=4)):d!=u&&(d==u-1?$--:d==u+1?$++:(d>u?$--:$++,r.__u|=4))):e.__k[o]=null;if(c)for(o=0;o<p;o++)(i=n[o])!=null&&(2&i.__u)==0&&(i.__e==s&&(s=K(i)),ct(i,i));return s}function at(e,t,n,s){var a,o;if(typeof e.type=="function"){for(a=e.__k,o=0;a&&o<a.length;o++)a[o]&&(a[o].__=e,t=at(a[o],t,n,s));return t}e.__e!=t&&(s&&(t&&e.type&&!t.parentNode&&(t=K(e)),n.insertBefore(e.__e,t||null)),t=e.__e);do t=t&&t.nextSibling;while(t!=null&&t.nodeType==8);return t}function pn(e,t,n,s){var a,o,r,i=e.key,u=e.type,d=t[n],p=d!=null&&(2&d.__u)==0;if(d===null&&e.key==null||p&&i==d.key&&u==d.type)return n;if(s>(p?1:0)){for(a=n-1,o=n+1;a>=0||o<t.length;)if((d=t[r=a>=0?a--:o++])!=null&&(2&d.__u)==0&&i==d.key&&u==d.type)return r}return-1}function Ye(e,t,n){t[0]=="-"?e.setProperty(t,n??""):e[t]=n==null?"":typeof n!="number"||un.test(t)?n:n+"px"}function ce(e,t,n,s,a){var o,r;e:if(t=="style")if(typeof n=="string")e.style.cssText=n;else{if(typeof s=="string"&&(e.style.cssText=s=""),s)for(t in s)n&&t in n||Ye(e.style,t,"");if(n)for(t in n)s&&n[t]==s[t]||Ye(e.style,t,n[t])}else if(t[0]=="o"&&t[1]=="n")o=t!=(t=t.replace(nt,"$1")),r=t.toLowerCase(),t=r in e||t=="onFocusOut"||t=="onFocusIn"?r.slice(2):t.slice(2),e.l||(e.l={}),e.l[t+o]=n,n?s?n.u=s.u:(n.u=Pe,e.addEventListener(t,o?Ce:ke,o)):e.removeEventListener(t,o?Ce:ke,o);else{if(a=="http://www.w3.org/2000/svg")t=t.replace(/xlink(H|:h)/,"h").replace(/sName$/,"s");else if(t!="width"&&t!="height"&&t!="href"&&t!="list"&&t!="form"&&t!="tabIndex"&&t!="download"&&t!="rowSpan"&&t!="colSpan"&&t!="role"&&t!="popover"&&t in e)try{e[t]=n??"";break e}catch{}typeof n=="function"||(n==null||n===!1&&t[4]!="-"?e.removeAttribute(t):e.setAttribute(t,t=="popover"&&n==1?"":n))}}function Ze(e){return function(t){if(this.l){var n=this.l[t.type+e];if(t.t==null)t.t=Pe++;else if(t.t<n.u)return;return n(P.event?P.event(t):t)}}}function Ne(e,t,n,s,a,o,r,i,u,d){var p,c,$,f,b,h,y,v,m,x,E,I,M,B,V,Z,xe,q=t.type;if(t.constructor!=null)return null;128&n.__u&&(u=!!(32&n.__u),o=[i=t.__e=n.__e]),(p=P.__b)&&p(t);e:if(typeof q=="function")try{if(v=t.props,m="prototype"in q&&q.prototype.render,x=(p=q.contextType)&&s[p.__c],E=p?x?x.props.value:p.__:s,n.__c?y=(c=t.__c=n.__c).__=c.__E:(m?t.__c=c=new q(v,E):(t.__c=c=new de(v,E),c.constructor=q,c.render=$n),x&&x.sub(c),c.props=v,c.state||(c.state={}),c.context=E,c.__n=s,$=c.__d=!0,c.__h=[],c._sb=[]),m&&c.__s==null&&(c.__s=c.state),m&&q.getDerivedStateFromProps!=null&&(c.__s==c.state&&(c.__s=W({},c.__s)),W(c.__s,q.getDerivedStateFromProps(v,c.__s))),f=c.props,b=c.state,c.__v=t,$)m&&q.getDerivedStateFromProps==null&&c.componentWillMount!=null&&c.componentWillMount(),m&&c.componentDidMount!=null&&c.__h.push(c.componentDidMount);else{if(m&&q.getDerivedStateFromProps==null&&v!==f&&c.componentWillReceiveProps!=null&&c.componentWillReceiveProps(v,E),!c.__e&&c.shouldComponentUpdate!=null&&c.shouldComponentUpdate(v,c.__s,E)===!1||t.__v==n.__v){for(t.__v!=n.__v&&(c.props=v,c.state=c.__s,c.__d=!1),t.__e=n.__e,t.__k=n.__k,t.__k.some(function(J){J&&(J.__=t)}),I=0;I<c._sb.length;I++)c.__h.push(c._sb[I]);c._sb=[],c.__h.length&&r.push(c);break e}c.componentWillUpdate!=null&&c.componentWillUpdate(v,c.__s,E),m&&c.componentDidUpdate!=null&&c.__h.push(function(){c.componentDidUpdate(f,b,h)})}if(c.context=E,c.props=v,c.__P=e,c.__e=!1,M=P.__r,B=0,m){for(c.state=c.__s,c.__d=!1,M&&M(t),p=c.render(c.props,c.state,c.context),V=0;V<c._sb.length;V++)c.__h.push(c._sb[V]);c._sb=[]}else do c.__d=!1,M&&M(t),p=c.render(c.props,c.state,c.context),c.state=c.__s;while(c.__d&&++B<25);c.state=c.__s,c.getChildContext!=null&&(s=W(W({},s),c.getChildContext())),m&&!$&&c.getSnapshotBeforeUpdate!=null&&(h=c.getSnapshotBeforeUpdate(f,b)),Z=p,p!=null&&p.type===me&&p.key==null&&(Z=lt(p.props.children)),i=rt(e,$e(Z)?Z:[Z],t,n,s,a,o,r,i,u,d),c.base=t.__e,t.__u&=-161,c.__h.length&&r.push(c),y&&(c.__E=c.__=null)}catch(J){if(t.__v=null,u||o!=null)if(J.then){for(t.__u|=u?160:128;i&&i.nodeType==8&&i.nextSibling;)i=i.nextSibling;o[o.indexOf(i)]=null,t.__e=i}else{for(xe=o.length;xe--;)Te(o[xe]);Se(t)}else t.__e=n.__e,t.__k=n.__k,J.then||Se(t);P.__e(J,t,n)}else o==null&&t.__v==n.__v?(t.__k=n.__k,t.__e=n.__e):i=t.__e=fn(n.__e,t,n,s,a,o,r,u,d);return(p=P.diffed)&&p(t),128&t.__u?void 0:i}function Se(e){e&&e.__c&&(e.__c.__e=!0),e&&e.__k&&e.__k.forEach(Se)}function it(e,t,n){for(var s=0;s<n.length;s++)Ie(n[s],n[++s],n[++s]);P.__c&&P.__c(t,e),e.some(function(a){try{e=a.__h,a.__h=[],e.some(function(o){o.call(a)})}catch(o){P.__e(o,a.__v)}})}function lt(e){return typeof e!="object"||e==null||e.__b&&e.__b>0?e:$e(e)?e.map(lt):W({},e)}function fn(e,t,n,s,a,o,r,i,u){var d,p,c,$,f,b,h,y=n.props,v=t.props,m=t.type;if(m=="svg"?a="http://www.w3.org/2000/svg":m=="math"?a="http://www.w3.org/1998/Math/MathML":a||(a="http://www.w3.org/1999/xhtml"),o!=null){for(d=0;d<o.length;d++)if((f=o[d])&&"setAttribute"in f==!!m&&(m?f.localName==m:f.nodeType==3)){e=f,o[d]=null;break}}if(e==null){if(m==null)return document.createTextNode(v);e=document.createElementNS(a,m,v.is&&v),i&&(P.__m&&P.__m(t,o),i=!1),o=null}if(m==null)y===v||i&&e.data==v||(e.data=v);else{if(o=o&&fe.call(e.childNodes),y=n.props||X,!i&&o!=null)for(y={},d=0;d<e.attributes.length;d++)y[(f=e.attributes[d]).name]=f.value;for(d in y)if(f=y[d],d!="children"){if(d=="dangerouslySetInnerHTML")c=f;else if(!(d in v)){if(d=="value"&&"defaultValue"in v||d=="checked"&&"defaultChecked"in v)continue;ce(e,d,null,f,a)}}for(d in v)f=v[d],d=="children"?$=f:d=="dangerouslySetInnerHTML"?p=f:d=="value"?b=f:d=="checked"?h=f:i&&typeof f!="function"||y[d]===f||ce(e,d,f,y[d],a);if(p)i||c&&(p.__html==c.__html||p.__html==e.innerHTML)||(e.innerHTML=p.__html),t.__k=[];else if(c&&(e.innerHTML=""),rt(t.type=="template"?e.content:e,$e($)?$:[$],t,n,s,m=="foreignObject"?"http://www.w3.org/1999/xhtml":a,o,r,o?o[0]:n.__k&&K(n,0),i,u),o!=null)for(d=o.length;d--;)Te(o[d]);i||(d="value",m=="progress"&&b==null?e.removeAttribute("value"):b!=null&&(b!==e[d]||m=="progress"&&!b||m=="option"&&b!=y[d])&&ce(e,d,b,y[d],a),d="checked",h!=null&&h!=e[d]&&ce(e,d,h,y[d],a))}return e}function Ie(e,t,n){try{if(typeof e=="function"){var s=typeof e.__u=="function";s&&e.__u(),s&&t==null||(e.__u=e(t))}else e.current=t}catch(a){P.__e(a,n)}}function ct(e,t,n){var s,a;if(P.unmount&&P.unmount(e),(s=e.ref)&&(s.current&&s.current!=e.__e||Ie(s,null,t)),(s=e.__c)!=null){if(s.componentWillUnmount)try{s.componentWillUnmount()}catch(o){P.__e(o,t)}s.base=s.__P=null}if(s=e.__k)for(a=0;a<s.length;a++)s[a]&&ct(s[a],t,n||typeof e.type!="function");n||Te(e.__e),e.__c=e.__=e.__e=void 0}function $n(e,t,n){return this.constructor(e,n)}function ut(e,t,n){var s,a,o,r;t==document&&(t=document.documentElement),P.__&&P.__(e,t),a=(s=typeof n=="function")?null:n&&n.__k||t.__k,o=[],r=[],Ne(t,e=(!s&&n||t).__k=Ee(me,null,[e]),a||X,X,t.namespaceURI,!s&&n?[n]:a?null:t.firstChild?fe.call(t.childNodes):null,o,!s&&n?n:a?a.__e:t.firstChild,s,r),it(o,e,r)}fe=st.slice,P={__e:function(e,t,n,s){for(var a,o,r;t=t.__;)if((a=t.__c)&&!a.__)try{if((o=a.constructor)&&o.getDerivedStateFromError!=null&&(a.setState(o.getDerivedStateFromError(e)),r=a.__d),a.componentDidCatch!=null&&(a.componentDidCatch(e,s||{}),r=a.__d),r)return a.__E=a}catch(i){e=i}throw e}},Xe=0,ln=function(e){return e!=null&&e.constructor==null},de.prototype.setState=function(e,t){var n;n=this.__s!=null&&this.__s!=this.state?this.__s:this.__s=W({},this.state),typeof e=="function"&&(e=e(W({},n),this.props)),e&&W(n,e),e!=null&&this.__v&&(t&&this._sb.push(t),Qe(this))},de.prototype.forceUpdate=function(e){this.__v&&(this.__e=!0,e&&this.__h.push(e),Qe(this))},de.prototype.render=me,z=[],et=typeof Promise=="function"?Promise.prototype.then.bind(Promise.resolve()):setTimeout,tt=function(e,t){return e.__v.__b-t.__v.__b},pe.__r=0,nt=/(PointerCapture)$|Capture$/i,Pe=0,ke=Ze(!1),Ce=Ze(!0),cn=0;var ee,A,Ae,dt,te=0,gt=[],L=P,pt=L.__b,ft=L.__r,$t=L.diffed,mt=L.__c,_t=L.unmount,ht=L.__;function Fe(e,t){L.__h&&L.__h(A,e,te||t),te=0;var n=A.__H||(A.__H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function k(e){return te=1,mn(xt,e)}function mn(e,t,n){var s=Fe(ee++,2);if(s.t=e,!s.__c&&(s.__=[n?n(t):xt(void 0,t),function(i){var u=s.__N?s.__N[0]:s.__[0],d=s.t(u,i);u!==d&&(s.__N=[d,s.__[1]],s.__c.setState({}))}],s.__c=A,!A.__f)){var a=function(i,u,d){if(!s.__c.__H)return!0;var p=s.__c.__H.__.filter(function($){return!!$.__c});if(p.every(function($){return!$.__N}))return!o||o.call(this,i,u,d);var c=s.__c.props!==i;return p.forEach(function($){if($.__N){var f=$.__[0];$.__=$.__N,$.__N=void 0,f!==$.__[0]&&(c=!0)}}),o&&o.call(this,i,u,d)||c};A.__f=!0;var o=A.shouldComponentUpdate,r=A.componentWillUpdate;A.componentWillUpdate=function(i,u,d){if(this.__e){var p=o;o=void 0,a(i,u,d),o=p}r&&r.call(this,i,u,d)},A.shouldComponentUpdate=a}return s.__N||s.__}function H(e,t){var n=Fe(ee++,3);!L.__s&&wt(n.__H,t)&&(n.__=e,n.u=t,A.__H.__h.push(n))}function G(e){return te=5,bt(function(){return{current:e}},[])}function bt(e,t){var n=Fe(ee++,7);return wt(n.__H,t)&&(n.__=e(),n.__H=t,n.__h=e),n.__}function yt(e,t){return te=8,bt(function(){return e},t)}function _n(){for(var e;e=gt.shift();)if(e.__P&&e.__H)try{e.__H.__h.forEach(_e),e.__H.__h.forEach(Le),e.__H.__h=[]}catch(t){e.__H.__h=[],L.__e(t,e.__v)}}L.__b=function(e){A=null,pt&&pt(e)},L.__=function(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),ht&&ht(e,t)},L.__r=function(e){ft&&ft(e),ee=0;var t=(A=e.__c).__H;t&&(Ae===A?(t.__h=[],A.__h=[],t.__.forEach(function(n){n.__N&&(n.__=n.__N),n.u=n.__N=void 0})):(t.__h.forEach(_e),t.__h.forEach(Le),t.__h=[],ee=0)),Ae=A},L.diffed=function(e){$t&&$t(e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&(gt.push(t)!==1&&dt===L.requestAnimationFrame||((dt=L.requestAnimationFrame)||hn)(_n)),t.__H.__.forEach(function(n){n.u&&(n.__H=n.u),n.u=void 0})),Ae=A=null},L.__c=function(e,t){t.some(function(n){try{n.__h.forEach(_e),n.__h=n.__h.filter(function(s){return!s.__||Le(s)})}catch(s){t.some(function(a){a.__h&&(a.__h=[])}),t=[],L.__e(s,n.__v)}}),mt&&mt(e,t)},L.unmount=function(e){_t&&_t(e);var t,n=e.__c;n&&n.__H&&(n.__H.__.forEach(function(s){try{_e(s)}catch(a){t=a}}),n.__H=void 0,t&&L.__e(t,n.__v))};var vt=typeof requestAnimationFrame=="function";function hn(e){var t,n=function(){clearTimeout(s),vt&&cancelAnimationFrame(t),setTimeout(e)},s=setTimeout(n,35);vt&&(t=requestAnimationFrame(n))}function _e(e){var t=A,n=e.__c;typeof n=="function"&&(e.__c=void 0,n()),A=t}function Le(e){var t=A;e.__c=e.__(),A=t}function wt(e,t){return!e||e.length!==t.length||t.some(function(n,s){return n!==e[s]})}function xt(e,t){return typeof t=="function"?t(e):t}var De="price-key",Q={get:()=>sessionStorage.getItem(De)??"",set:e=>e?sessionStorage.setItem(De,e):sessionStorage.removeItem(De)},he=class extends Error{constructor(t,n){super(n?.detail??`the server answered with ${t}`),this.status=t,this.code=n?.code,this.title=n?.title??"this did not work"}},vn=(e={})=>Q.get()?{authorization:`Bearer ${Q.get()}`,...e}:e;async function gn(e){if(e.ok)return e;let t=await e.json().catch(()=>null);throw e.status===401&&window.dispatchEvent(new Event("price-key-wanted")),new he(e.status,t)}var ne=async(e,t={})=>gn(await fetch(e,{...t,headers:vn(t.headers)}).catch(()=>{throw new he(0,{title:"the server cannot be reached",detail:"it may be starting; this page asks again"})})),S=async e=>(await ne(e)).json(),ve=async e=>(await ne(e)).text(),kt=async e=>(await ne(e)).blob(),Ct=async(e,t)=>(await ne(e,{method:"POST",body:t??"",headers:{"content-type":"application/json"}})).json(),j=e=>{let t=Object.entries(e).filter(([,n])=>n!=null&&n!=="");return t.length?`?${new URLSearchParams(t)}`:""};function St(e,t,n){let s=new AbortController;return(async()=>{for(;!s.signal.aborted;){try{let o=await ne(`/v1/postings${j({account:e})}`,{signal:s.signal});n(!0);let r=o.body.pipeThrough(new TextDecoderStream).getReader(),i="";for(;;){let{value:u,done:d}=await r.read();if(d)break;i+=u;let p=i.split(`

`);i=p.pop();for(let c of p){let $=c.split(`
`).find(f=>f.startsWith("data:"));(c.includes("event: posting")||c.includes("event:posting"))&&t(JSON.parse($.slice(5)))}}}catch(o){if(o.status===401||o.status===403)return n(!1)}n(!1),await new Promise(o=>setTimeout(o,1500))}})(),()=>s.abort()}var Tt=function(e,t,n,s){var a;t[0]=0;for(var o=1;o<t.length;o++){var r=t[o++],i=t[o]?(t[0]|=r?1:2,n[t[o++]]):t[++o];r===3?s[0]=i:r===4?s[1]=Object.assign(s[1]||{},i):r===5?(s[1]=s[1]||{})[t[++o]]=i:r===6?s[1][t[++o]]+=i+"":r?(a=e.apply(i,Tt(e,i,n,["",null])),s.push(a),i[0]?t[0]|=2:(t[o-2]=0,t[o]=a)):s.push(i)}return s},Pt=new Map;function Et(e){var t=Pt.get(this);return t||(t=new Map,Pt.set(this,t)),(t=Tt(this,t.get(e)||(t.set(e,t=(function(n){for(var s,a,o=1,r="",i="",u=[0],d=function($){o===1&&($||(r=r.replace(/^\s*\n\s*|\s*\n\s*$/g,"")))?u.push(0,$,r):o===3&&($||r)?(u.push(3,$,r),o=2):o===2&&r==="..."&&$?u.push(4,$,0):o===2&&r&&!$?u.push(5,0,!0,r):o>=5&&((r||!$&&o===5)&&(u.push(o,0,r,a),o=6),$&&(u.push(o,$,0,a),o=6)),r=""},p=0;p<n.length;p++){p&&(o===1&&d(),d(p));for(var c=0;c<n[p].length;c++)s=n[p][c],o===1?s==="<"?(d(),u=[u],o=3):r+=s:o===4?r==="--"&&s===">"?(o=1,r=""):r=s+r[0]:i?s===i?i="":r+=s:s==='"'||s==="'"?i=s:s===">"?(d(),o=1):o&&(s==="="?(o=5,a=r,r=""):s==="/"&&(o<5||n[p][c+1]===">")?(d(),o===3&&(u=u[0]),o=u,(u=u[0]).push(2,0,o),o=0):s===" "||s==="	"||s===`
`||s==="\r"?(d(),o=2):r+=s),o===3&&r==="!--"&&(o=4,u=u[0])}return d(),u})(e)),t),arguments,[])).length>1?t:t[0]}var l=Et.bind(Ee),_=e=>{if(e==null)return"";let t=/^(-?)(\d+)\/(\d+)$/.exec(String(e));if(t){let o=BigInt(t[2])*1000000n/BigInt(t[3]);return`${_(`${t[1]}${o/1000000n}.${String(o%1000000n).padStart(6,"0")}`)}\u2026`}let[,n,s,a]=/^(-?)(\d+)(.*)$/s.exec(String(e))??[];return s===void 0?String(e):`${n?"\u2212":""}${s.replace(/\B(?=(\d{3})+$)/g,",")}${a}`},D=e=>String(e).replaceAll("_"," "),U=e=>String(e).replace("T"," ").replace(/(\.\d+)?Z$/," UTC"),O=({from:e,until:t})=>{let n=new Date(`${t}T00:00:00Z`);n.setUTCDate(n.getUTCDate()-1);let s=n.toISOString().slice(0,10);return e===s?e:`${e} to ${s}`},w=(...e)=>`#/${e.map(encodeURIComponent).join("/")}`;function C(e,t,n){let[s,a]=k({}),[o,r]=k(0);return H(()=>{let i=!1,u=()=>e().then(p=>!i&&a({found:p})).catch(p=>!i&&a(c=>({found:c.found,problem:p})));u();let d=n&&setInterval(()=>document.hidden||u(),n);return()=>{i=!0,clearInterval(d)}},[...t,o]),{...s,again:yt(()=>r(i=>i+1),[])}}var T=({problem:e})=>e&&l`<p class="problem" role="alert"><strong>${e.title}</strong>${e.code&&l` <span class="soft">(${e.code})</span>`}<br />${He(e.message)}</p>`;function ge({path:e,as:t,children:n}){let[s,a]=k(void 0);return l`<button type="button" onClick=${async()=>{try{let r=URL.createObjectURL(await kt(e));Object.assign(document.createElement("a"),{href:r,download:t}).click(),setTimeout(()=>URL.revokeObjectURL(r),1e4),a(void 0)}catch(r){a(r)}}}>${n}</button><${T} problem=${s} />`}var g=({title:e,wide:t,children:n,id:s})=>l`<section class=${`card${t?" wide":""}`} aria-label=${e} id=${s}><h2>${e}</h2>${n}</section>`,He=e=>String(e).split("`").map((t,n)=>n%2?l`<code>${t}</code>`:t),N=({children:e})=>l`<p class="empty">${e}</p>`,bn=e=>[e].flat(1/0).some(Boolean),F=({head:e,children:t,label:n})=>bn(t)&&l`
  <div class="scroll" tabindex="0" role="region" aria-label=${n}>
    <table>
      <thead><tr>${e.map(s=>l`<th scope="col" class=${s.startsWith(">")?"num":""}>${s.replace(/^>/,"")}</th>`)}</tr></thead>
      <tbody>${t}</tbody>
    </table>
  </div>`,je=({rule:e})=>e?.file&&l`<span class="small soft mono" title=${e.title}>${e.file}:${e.line}</span>`;var[se,Y,oe,Re,Nt,yn]=[640,190,62,10,12,26],It=e=>{let[t,n]=String(e).split("/");return Number(t)/Number(n??1)};function At(e,t,n){let s=r=>r.startsWith(`lot ${e.name} `)||r===`lot ${e.name}`,a=It(e.opened),o=[{day:n.from,level:a,moved:[]}];for(let r of t.filter(i=>i.currency===e.currency)){let i=s(r.credit)?1:s(r.debit)?-1:0;if(!i)continue;a+=i*It(r.amount);let u=o.at(-1);u.day===r.day?u.level=a:o.push({day:r.day,level:a,moved:[]}),r.kind!=="use"&&o.at(-1).moved.push(`${r.kind} ${i>0?"+":"\u2212"}${_(r.amount)}`)}return o}var R=e=>Date.parse(`${e}T00:00:00Z`);function Lt({points:e,period:t,today:n,label:s,unit:a}){let o=R(t.until),r=Math.min(Math.max(R(n)+864e5,R(e.at(-1).day),R(t.from)),o),i=Math.max(...e.map(h=>h.level),1e-9),u=h=>oe+(h-R(t.from))/(o-R(t.from))*(se-oe-Re),d=h=>Nt+(1-Math.max(h,0)/i)*(Y-Nt-yn),p=`M${u(R(e[0].day))} ${d(e[0].level)}`;for(let h of e.slice(1))p+=`H${u(R(h.day))}V${d(h.level)}`;p+=`H${u(r)}`;let c=Math.min(r,Math.max(R(n)+864e5,R(t.from))),$=e.at(-1),f=h=>new Intl.NumberFormat("en",{notation:"compact",maximumFractionDigits:1}).format(h),b=`${s}: ${f(e[0].level)} at the start, ${f($.level)} ${a} ${c<r?"at the end, if nothing changes":"now"}`;return l`
    <svg class="chart" viewBox="0 0 ${se} ${Y}" role="img" aria-label=${b}>
      ${[0,.5,1].map(h=>l`<g>
          <line x1=${oe} x2=${se-Re} y1=${d(i*h)} y2=${d(i*h)} stroke="var(--line)" />
          <text x=${oe-6} y=${d(i*h)+4} text-anchor="end">${f(i*h)}</text>
        </g>`)}
      <path d="${p}V${d(0)}H${u(R(e[0].day))}Z" fill="var(--accent)" opacity=".12" />
      <clipPath id="known"><rect x="0" y="0" width=${u(c)} height=${Y} /></clipPath>
      <clipPath id="ahead"><rect x=${u(c)} y="0" width=${se} height=${Y} /></clipPath>
      <path d=${p} fill="none" stroke="var(--accent)" stroke-width="2" clip-path="url(#known)" />
      <path d=${p} fill="none" stroke="var(--accent)" stroke-width="2" stroke-dasharray="2 4" clip-path="url(#ahead)" />
      ${e.filter(h=>h.moved.length).map(h=>l`<circle cx=${u(R(h.day))} cy=${d(h.level)} r="4" fill="var(--accent)">
            <title>${h.day}: ${h.moved.join(", ")}</title>
          </circle>`)}
      <text x=${oe} y=${Y-8}>${t.from}</text>
      <text x=${se-Re} y=${Y-8} text-anchor="end">${t.until}</text>
    </svg>`}var re=class{diff(t,n,s={}){let a;typeof s=="function"?(a=s,s={}):"callback"in s&&(a=s.callback);let o=this.castInput(t,s),r=this.castInput(n,s),i=this.removeEmpty(this.tokenize(o,s)),u=this.removeEmpty(this.tokenize(r,s));return this.diffWithOptionsObj(i,u,s,a)}diffWithOptionsObj(t,n,s,a){var o;let r=m=>{if(m=this.postProcess(m,s),a){setTimeout(function(){a(m)},0);return}else return m},i=n.length,u=t.length,d=1,p=i+u;s.maxEditLength!=null&&(p=Math.min(p,s.maxEditLength));let c=(o=s.timeout)!==null&&o!==void 0?o:1/0,$=Date.now()+c,f=[{oldPos:-1,lastComponent:void 0}],b=this.extractCommon(f[0],n,t,0,s);if(f[0].oldPos+1>=u&&b+1>=i)return r(this.buildValues(f[0].lastComponent,n,t));let h=-1/0,y=1/0,v=()=>{for(let m=Math.max(h,-d);m<=Math.min(y,d);m+=2){let x,E=f[m-1],I=f[m+1];E&&(f[m-1]=void 0);let M=!1;if(I){let V=I.oldPos-m;M=I&&0<=V&&V<i}let B=E&&E.oldPos+1<u;if(!M&&!B){f[m]=void 0;continue}if(!B||M&&E.oldPos<I.oldPos?x=this.addToPath(I,!0,!1,0,s):x=this.addToPath(E,!1,!0,1,s),b=this.extractCommon(x,n,t,m,s),x.oldPos+1>=u&&b+1>=i)return r(this.buildValues(x.lastComponent,n,t))||!0;f[m]=x,x.oldPos+1>=u&&(y=Math.min(y,m-1)),b+1>=i&&(h=Math.max(h,m+1))}d++};if(a)(function m(){setTimeout(function(){if(d>p||Date.now()>$)return a(void 0);v()||m()},0)})();else for(;d<=p&&Date.now()<=$;){let m=v();if(m)return m}}addToPath(t,n,s,a,o){let r=t.lastComponent;return r&&!o.oneChangePerToken&&r.added===n&&r.removed===s?{oldPos:t.oldPos+a,lastComponent:{count:r.count+1,added:n,removed:s,previousComponent:r.previousComponent}}:{oldPos:t.oldPos+a,lastComponent:{count:1,added:n,removed:s,previousComponent:r}}}extractCommon(t,n,s,a,o){let r=n.length,i=s.length,u=t.oldPos,d=u-a,p=0;for(;d+1<r&&u+1<i&&this.equals(s[u+1],n[d+1],o);)d++,u++,p++,o.oneChangePerToken&&(t.lastComponent={count:1,previousComponent:t.lastComponent,added:!1,removed:!1});return p&&!o.oneChangePerToken&&(t.lastComponent={count:p,previousComponent:t.lastComponent,added:!1,removed:!1}),t.oldPos=u,d}equals(t,n,s){return s.comparator?s.comparator(t,n):t===n||!!s.ignoreCase&&t.toLowerCase()===n.toLowerCase()}removeEmpty(t){let n=[];for(let s=0;s<t.length;s++)t[s]&&n.push(t[s]);return n}castInput(t,n){return t}tokenize(t,n){return Array.from(t)}join(t){return t.join("")}postProcess(t,n){return t}get useLongestToken(){return!1}buildValues(t,n,s){let a=[],o;for(;t;)a.push(t),o=t.previousComponent,delete t.previousComponent,t=o;a.reverse();let r=a.length,i=0,u=0,d=0;for(;i<r;i++){let p=a[i];if(p.removed)p.value=this.join(s.slice(d,d+p.count)),d+=p.count;else{if(!p.added&&this.useLongestToken){let c=n.slice(u,u+p.count);c=c.map(function($,f){let b=s[d+f];return b.length>$.length?b:$}),p.value=this.join(c)}else p.value=this.join(n.slice(u,u+p.count));u+=p.count,p.added||(d+=p.count)}}return a}};var Me=class extends re{constructor(){super(...arguments),this.tokenize=xn}equals(t,n,s){return s.ignoreWhitespace?((!s.newlineIsToken||!t.includes(`
`))&&(t=t.trim()),(!s.newlineIsToken||!n.includes(`
`))&&(n=n.trim())):s.ignoreNewlineAtEof&&!s.newlineIsToken&&(t.endsWith(`
`)&&(t=t.slice(0,-1)),n.endsWith(`
`)&&(n=n.slice(0,-1))),super.equals(t,n,s)}},wn=new Me;function Oe(e,t,n){return wn.diff(e,t,n)}function xn(e,t){t.stripTrailingCr&&(e=e.replace(/\r\n/g,`
`));let n=[],s=e.split(/(\n|\r\n)/);s[s.length-1]||s.pop();for(let a=0;a<s.length;a++){let o=s[a];a%2&&!t.newlineIsToken?n[n.length-1]+=o:n.push(o)}return n}function qe(e,t,n,s,a,o,r){let i;r?typeof r=="function"?i={callback:r}:i=r:i={},typeof i.context>"u"&&(i.context=4);let u=i.context;if(i.newlineIsToken)throw new Error("newlineIsToken may not be used with patch-generation functions, only with diffing functions");if(i.callback){let{callback:p}=i;Oe(n,s,Object.assign(Object.assign({},i),{callback:c=>{let $=d(c);p($)}}))}else return d(Oe(n,s,i));function d(p){if(!p)return;p.push({value:"",lines:[]});function c(m){return m.map(function(x){return" "+x})}let $=[],f=0,b=0,h=[],y=1,v=1;for(let m=0;m<p.length;m++){let x=p[m],E=x.lines||kn(x.value);if(x.lines=E,x.added||x.removed){if(!f){let I=p[m-1];f=y,b=v,I&&(h=u>0?c(I.lines.slice(-u)):[],f-=h.length,b-=h.length)}for(let I of E)h.push((x.added?"+":"-")+I);x.added?v+=E.length:y+=E.length}else{if(f)if(E.length<=u*2&&m<p.length-2)for(let I of c(E))h.push(I);else{let I=Math.min(E.length,u);for(let B of c(E.slice(0,I)))h.push(B);let M={oldStart:f,oldLines:y-f+I,newStart:b,newLines:v-b+I,lines:h};$.push(M),f=0,b=0,h=[]}y+=E.length,v+=E.length}}for(let m of $)for(let x=0;x<m.lines.length;x++)m.lines[x].endsWith(`
`)?m.lines[x]=m.lines[x].slice(0,-1):(m.lines.splice(x+1,0,"\\ No newline at end of file"),x++);return{oldFileName:e,newFileName:t,oldHeader:a,newHeader:o,hunks:$}}}function kn(e){let t=e.endsWith(`
`),n=e.split(`
`).map(s=>s+`
`);return t?n.pop():n.push(n.pop().slice(0,-1)),n}var[Ft,Cn,Ue]=[40,3,2e3],Dt=e=>e.replace(/\n$/,"").split(/\r?\n/),ae=new Map;function be(e){if(!ae.has(e)){let n=(async()=>{let s=await S(`/v1/plans/${e}`),a=s.source?(await S(`/v1/plans/${e}/source`)).files:[];return{...s,files:a.map(o=>({name:o.file,text:o.text,lines:Dt(o.text)}))}})();ae.set(e,n),n.then(s=>s.source||ae.delete(e),()=>ae.delete(e))}return ae.get(e)}var Ht=e=>/^(?:[^"#]|"(?:\\.|[^"\\])*")*/.exec(e)[0];function jt(e,t){let n=Dt(t.excerpt??"").map(u=>u.trim()),s=u=>n.every((d,p)=>!d||e.lines[u+p]?.trim().startsWith(d)),a=t.line-1,o=-1;for(let u=0;u<e.lines.length&&o<0;u++)o=[a-u,a+u].find(d=>d>=0&&d<e.lines.length&&s(d))??-1;if(o<0)return null;let[r,i]=[o,0];do{let u=Ht(e.lines[r]).trim();i+=u.endsWith("{")?1:u==="}"?-1:0,r++}while(r<e.lines.length&&(i>0||r<o+n.length));return{from:o,until:r}}var Sn=({text:e,number:t})=>{let n=Ht(e);return l`<span class="l" data-line=${t}>${n}${n.length<e.length&&l`<i>${e.slice(n.length)}</i>`}${`
`}</span>`};function Rt({file:e,at:t,from:n=0,until:s=e.lines.length,tall:a}){let o=G();H(()=>{let u=o.current?.querySelector("mark");u&&(o.current.scrollTop=u.offsetTop-60)},[e,t?.from]);let r=(u,d)=>e.lines.slice(u,d).map((p,c)=>l`<${Sn} text=${p} number=${u+c+1} />`),i=t?`${e.name}, line ${t.from+1}${t.until>t.from+1?` to ${t.until}`:""}`:e.name;return l`<pre class=${`code${a?" tall":""}`} ref=${o} tabindex="0" role="region" aria-label=${i}>${t?l`${r(n,t.from)}<mark>${r(t.from,t.until)}</mark>${r(t.until,s)}`:r(n,s)}</pre>`}var Pn=(e,t)=>w("plans",e,t.file,String(t.line));function ie({hash:e,rule:t}){let{found:n,problem:s}=C(()=>be(e),[e]);if(!t?.file||!n&&!s)return null;let a=u=>u.file===t.file&&u.line===t.line,o={...n?.rules.find(a),...t},r=n?.files.find(u=>u.name===t.file),i=r&&jt(r,o);return i?l`
    <${Rt} file=${r} at=${i} from=${Math.max(0,i.from-Ft)} until=${Math.min(r.lines.length,i.until+Ft)} />
    <p class="small"><a href=${Pn(e,t)}><span class="mono">${t.file}:${i.from+1}</span>, the whole file</a></p>`:l`${o.excerpt&&l`<pre class="rule"><mark>${o.excerpt}</mark></pre>`}
      <p class="small soft"><span class="mono">${t.file}:${t.line}</span>${n&&!n.source&&", published without the text around it"}</p>`}var Mt=({rule:e,open:t,set:n})=>l`<button class="place" aria-expanded=${t} title=${e.title} onClick=${()=>n(!t)}>${e.file}:${e.line}</button>`;function Ot({of:e,file:t,line:n}){let[s,a]=k(void 0),o=s??t??e.rules[0]?.file,r=e.files.find(p=>p.name===o)??e.files[0],i=e.rules.find(p=>p.file===r.name&&String(p.line)===n),u=r.name===t&&n?jt(r,i??{line:Number(n)}):void 0,d=G();return H(()=>a(void 0),[t,n]),H(()=>{n&&requestAnimationFrame(()=>d.current?.scrollIntoView({block:"nearest"}))},[t,n]),l`<div ref=${d}>
    ${e.files.length>1?l`<div class="row"><label>File<select value=${r.name} onChange=${p=>a(p.target.value)}>
            ${e.files.map(p=>l`<option value=${p.name}>${p.name}</option>`)}</select></label></div>`:l`<p class="small soft mono">${r.name}</p>`}
    <${Rt} file=${r} at=${u} tall />
  </div>`}function qt({before:e,now:t}){let n=[...new Set([...e.files,...t.files].map(r=>r.name))].sort(),s=(r,i)=>r.files.find(u=>u.name===i)?.text??"",o=n.map(r=>{let[i,u]=[s(e,r),s(t,r)];return{name:r,patch:i===u?null:qe(r,r,i,u,"","",{context:Cn,timeout:2e3})}}).filter(r=>r.patch!==null);return o.length?o.map(({name:r,patch:i})=>{let u=i?.hunks.flatMap(c=>[`@@ line ${c.newStart}`,...c.lines.filter($=>!$.startsWith("\\"))]),d={"+":"plus","-":"minus","@":"hunk"},p=u?.slice(0,Ue).map(c=>{let $=c[0]==="-"?"\u2212":c[0];return l`<span class=${`l ${d[c[0]]??""}`}>${c[0]==="@"?c.slice(3):`${$} ${c.slice(1)}`}${`
`}</span>`});return l`<h3 class="mono">${r}</h3>
      ${p?l`<pre class="code diff" tabindex="0" role="region" aria-label=${`Changes of ${r}`}>${p}</pre>`:l`<${N}>It has too little in common to say what changed.<//>`}
      ${u?.length>Ue&&l`<p class="small soft">${u.length-Ue} more lines changed.</p>`}`}):l`<${N}>Not a line of the source.<//>`}function Bt(){let[e,t]=k(""),[n,s]=k(void 0),a=C(()=>S(`/v1/accounts${j({prefix:e,cursor:n,limit:100})}`),[e,n]);return l`
    <h1>Accounts</h1>
    <form class="row" role="search" onSubmit=${o=>o.preventDefault()}>
      <label>Name begins with
        <input type="search" value=${e} onInput=${o=>(t(o.target.value),s(void 0))} />
      </label>
    </form>
    <${T} problem=${a.problem} />
    <${g} title="All accounts">
      ${a.found?.accounts.length===0&&l`<${N}>None.<//>`}
      <${F} head=${["Account","Plan","Billed as","From","Until"]} label="Accounts">
        ${a.found?.accounts.map(o=>l`<tr>
            <td><a href=${w("accounts",o.account)}>${o.account}</a></td>
            <td>${o.plan}</td><td>${o.billed}</td><td>${o.from??"always"}</td><td>${o.until??""}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&l`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${a.found?.next&&l`<button onClick=${()=>s(a.found.next)}>Next page</button>`}
      </div>
    <//>`}var We=e=>{let[t]=e.cells,s=e.cells.length===1&&t.labels.length===0&&t.covered==="0"&&e.steps.length===0?t.tiers.filter(a=>a.quantity!=="0"):[];return s.length===1?s[0]:void 0},Tn=({line:e})=>!We(e)&&e.cells.flatMap(t=>{let n=t.labels.map(a=>a.label).join(", ");return[t.covered!=="0"&&l`<tr class="part"><td>${n} included</td><td class="num">${_(t.covered)}</td><td></td><td class="num">0</td></tr>`,...t.tiers.filter(a=>a.quantity!=="0").map((a,o,r)=>l`<tr class="part">
            <td>${[n,r.length>1&&`tier ${o+1}`].filter(Boolean).join(", ")}</td>
            <td class="num">${_(a.quantity)}</td><td class="num">${_(a.rate)}</td><td class="num">${_(a.amount)}</td>
          </tr>`)]});function En({line:e,hash:t}){let[n,s]=k(!1);return l`
    <tr><td>${D(e.name)}${e.corrects&&l` <span class="tag warm">corrects ${O(e.corrects)}</span>`}</td>
      <td class="num">${e.quantity&&`${_(e.quantity.value)} ${e.quantity.unit}`}</td><td class="num">${We(e)&&_(We(e).rate)}</td>
      <td class="num">${_(e.amount)} ${e.currency??""}</td></tr>
    ${e.rule?.file&&l`<tr class="where"><td colspan="4"><${Mt} rule=${e.rule} open=${n} set=${s} /></td></tr>`}
    ${n&&l`<tr class="beside"><td colspan="4"><${ie} hash=${t} rule=${e.rule} /></td></tr>`}
    <${Tn} line=${e} />
    ${e.steps.map(a=>l`<tr class="part"><td>${a.label}</td><td></td><td></td><td class="num">${_(a.change)}</td></tr>`)}
    ${(e.paid??[]).map(a=>l`<tr class="part"><td>paid from ${D(a.by)}</td><td></td><td></td><td class="num">(${_(a.amount)})</td></tr>`)}`}var Ve=({invoice:e,hash:t})=>l`
  <${F} head=${["Line",">Quantity",">Rate",`>Amount (${e.currency})`]} label="Lines">
    ${e.lines.map(n=>l`<${En} key=${JSON.stringify([n.name,n.corrects])} line=${n} hash=${t} />`)}
    <tr class="sum"><td>Total</td><td></td><td></td><td class="num">${_(e.total)}</td></tr>
    ${e.due!==e.total&&l`<tr class="sum"><td>To pay</td><td></td><td></td><td class="num">${_(e.due)}</td></tr>`}
  <//>`,Ut=(e,t)=>{let[n,s]=[e,t].map(a=>String(a).split("/").reduce((o,r)=>Number(o)/Number(r)));return Math.max(0,Math.min(100,Number(n)/Number(s)*100||0))},Be=({used:e,limit:t,label:n})=>l`
  <div class=${`bar${Ut(e,t)>=100?" bad":""}`} role="img" aria-label=${`${n}: ${_(e)} of ${_(t)}`}>
    <i style=${{width:`${Ut(e,t)}%`}}></i>
  </div>`,Vt=()=>new Date().toISOString().slice(0,10),Nn=e=>e.payment?.ledger.some(t=>t.kind==="use"&&t.day>Vt())??!1,In=({invoice:e})=>{let t=e.payment;if(!t)return null;let n=t.balances.filter(s=>[s.opened,s.granted,s.topped_up].some(a=>/[1-9]/.test(a)));return l`
    ${n.map(s=>l`
        <${g} title=${`Wallet ${D(s.name)}`} wide>
          <dl class="figures">
            <div><dt>left (${s.currency})</dt><dd>${_(s.closed)}</dd></div>
            <div><dt>used</dt><dd>${_(s.used)}</dd></div>
          </dl>
          <${Lt} points=${At(s,t.ledger,e.period)} period=${e.period} today=${Vt()} label=${`Balance of ${D(s.name)}`} unit=${s.currency} />
          <details><summary>Lots</summary>
            <${F} head=${["Lot","Came","Gone",">Amount",">Left"]} label="Lots">
              ${s.lots.map(a=>l`<tr><td>${a.name}</td><td>${a.came}</td><td>${a.gone??""}</td><td class="num">${_(a.amount)}</td><td class="num">${_(a.left)}</td></tr>`)}
            <//>
          </details>
        <//>`)}
    ${t.commitments.map(s=>l`
        <${g} title=${`Commitment ${D(s.name)}`}>
          <p>${_(s.total)} of ${_(s.amount)} ${e.currency} ${s.until?`for ${O(s)}`:`since ${s.from}`}</p>
          <${Be} used=${s.total} limit=${s.amount} label=${D(s.name)} />
        <//>`)}`},Wt=(e,t)=>location.hash=t?w("accounts",e,t):w("accounts",e);function zt({name:e,on:t}){let n=C(()=>S(`/v1/accounts/${encodeURIComponent(e)}/invoice${j({on:t})}`),[e,t],3e3),s=C(()=>S(`/v1/accounts/${encodeURIComponent(e)}/entitlements`),[e],5e3),a=C(()=>S(`/v1/accounts/${encodeURIComponent(e)}/events?limit=12`),[e],3e3),o=C(()=>S(`/v1/invoices${j({account:e})}`),[e],1e4),r=n.found?.invoice;return l`
    <h1>${e} ${n.found&&l`<small>on <a href=${w("plans",n.found.plan.hash)}>${n.found.plan.name}</a></small>`}</h1>
    <form class="row" onSubmit=${i=>i.preventDefault()}>
      <label>Period that holds the day<input type="date" value=${t} onChange=${i=>Wt(e,i.target.value)} /></label>
      ${t&&l`<button type="button" onClick=${()=>Wt(e,"")}>Today</button>`}
      ${r&&l`<${ge} path=${`/v1/accounts/${encodeURIComponent(e)}/statement/pdf${j({on:t})}`} as=${`statement-${e}-${r.period.from}.pdf`}>Statement as PDF<//>`}
    </form>
    <${T} problem=${n.problem} />
    <div class="grid">
      ${r&&l`<${g} title=${`What is owed for ${O(r.period)}`} wide>
        <p><span class=${`tag ${n.found.status==="finalised"?"good":""}`}>${n.found.status}</span>
          ${n.found.number&&l` <a href=${w("invoices",n.found.number)}>${n.found.number}</a>`}
          <span class="soft small"> as of entry ${_(n.found.as_of_entry)}${Nn(r)&&"; what is kept counts to the end of the period, as it stands now"}</span></p>
        ${r.lines.length?l`<${Ve} invoice=${r} hash=${n.found.plan.hash} />`:l`<${N}>Nothing yet.<//>`}
      <//>`}
      ${r&&l`<${In} invoice=${r} />`}
      ${r?.allowances.map(i=>l`<${g} title=${`Included: ${D(i.name)}`}>
          <p>${_(i.used)} of ${_(i.granted)} ${i.unit} used</p>
          <${Be} used=${i.used} limit=${i.granted} label=${D(i.name)} />
        <//>`)}
      ${s.found?.features.length>0&&l`<${g} title="What it may do" wide>
        <${F} head=${["Feature","State",">Used",">Held",">Left"]} label="Features">
          ${s.found.features.map(i=>l`<tr>
              <td>${D(i.name)}</td>
              <td>${i.kind==="text"?i.text:i.kind==="flag"?l`<span class=${`tag ${i.on?"good":"bad"}`}>${i.on?"on":"off"}</span>`:l`limit ${_(i.limit)} ${i.unit}${!i.hard&&" (soft)"}<${Be} used=${i.used} limit=${i.limit} label=${D(i.name)} />`}</td>
              <td class="num">${i.limit&&_(i.used)}</td><td class="num">${i.limit&&_(i.held)}</td><td class="num">${_(i.left)}</td>
            </tr>`)}
        <//>
      <//>`}
      <${g} title="Events, the latest first">
        <${T} problem=${a.problem} />
        ${a.found?.events.length===0&&l`<${N}>None yet.<//>`}
        <${F} head=${["Happened","Event","Type"]} label="Events">
          ${a.found?.events.map(i=>l`<tr key=${i.seq}><td class="small">${U(i.happened)}</td>
              <td><a href=${w("event",i.event.source??"",i.event.id)}>${i.event.id}</a>${!i.counts&&l` <span class="tag bad">taken back</span>`}</td><td>${i.event.type}</td></tr>`)}
        <//>
      <//>
      <${g} title="Invoices and notes">
        ${o.found?.invoices.length===0&&l`<${N}>No period is closed yet.<//>`}
        <ul>${o.found?.invoices.map(i=>l`<li><a href=${w("invoices",i.number)}>${i.number}</a> ${O(i.period)}, ${_(i.total)} ${i.currency}${i.status==="disputed"&&l` <span class="tag bad">disputed</span>`}</li>`)}</ul>
      <//>
    </div>`}var ye=e=>e?.$ref?.split("/").at(-1);function we({schema:e,all:t,depth:n=0}){let s=ye(e)?t[ye(e)]:e;if(!s)return null;let a=s.enum?s.enum.map(r=>JSON.stringify(r)).join(" | "):[s.type].flat().filter(Boolean).join(" or "),o=s.items??(typeof s.additionalProperties=="object"?s.additionalProperties:null);return n>4?l`<span class="soft">${ye(e)??a}</span>`:l`
    <span class="soft mono">${ye(e)??""} ${a}${s.format?` (${s.format})`:""}${s.default!==void 0?`, ${JSON.stringify(s.default)} unless given`:""}</span>
    ${s.description&&l` <span class="small">${s.description}</span>`}
    ${s.properties&&l`<ul>${Object.entries(s.properties).map(([r,i])=>l`<li><code>${r}</code>${s.required?.includes(r)?"":l` <span class="soft small">optional</span>`} <${we} schema=${i} all=${t} depth=${n+1} /></li>`)}</ul>`}
    ${o&&l`<div class="inside">of <${we} schema=${o} all=${t} depth=${n+1} /></div>`}`}var Gt=({content:e,all:t})=>Object.entries(e??{}).map(([n,{schema:s}])=>l`<div><code>${n}</code> <${we} schema=${s} all=${t} /></div>`);function An({path:e,method:t,op:n,all:s}){let a=`curl -X ${t.toUpperCase()} -H "authorization: Bearer $KEY"${n.requestBody?` -H 'content-type: ${Object.keys(n.requestBody.content)[0]}' -d @body`:""} ${location.origin}${e}`;return l`<details class="card" id=${n.operationId}>
    <summary><span class="tag">${t.toUpperCase()}</span> <code>${e}</code> ${n.summary}</summary>
    ${n["x-role"]&&l`<p class="small">Needs the role <code>${n["x-role"]}</code>.</p>`}
    <pre>${a}</pre>
    ${n.parameters&&l`<h3>Parameters</h3><ul>${n.parameters.map(o=>l`<li><code>${o.name}</code> <span class="soft small">in ${o.in}${o.required?"":", optional"}</span> ${o.description} <${we} schema=${o.schema} all=${s} /></li>`)}</ul>`}
    ${n.requestBody&&l`<h3>Body</h3><${Gt} content=${n.requestBody.content} all=${s} />`}
    <h3>Answers</h3>
    <${F} head=${["Status","Means","Form"]} label="Answers">
      ${Object.entries(n.responses).map(([o,r])=>l`<tr><td>${o}</td><td>${r.description}</td><td><${Gt} content=${r.content} all=${s} /></td></tr>`)}
    <//>
  </details>`}function Jt(){let{found:e,problem:t}=C(()=>S("/openapi.json"),[]),[n,s]=k(""),a=e?.components.schemas??{},r=Object.entries(e?.paths??{}).flatMap(([i,u])=>Object.entries(u).map(([d,p])=>({path:i,method:d,op:p}))).filter(({path:i,op:u})=>!n||`${i} ${u.summary} ${u.operationId}`.toLowerCase().includes(n.toLowerCase()));return l`
    <h1>The HTTP API</h1>
    <p class="soft">${e?.info.description} For machines: <a href="/openapi.json">/openapi.json</a>. A code in an answer leads to its page: <a href="/problems/S007">/problems/S007</a>.</p>
    <form class="row" role="search" onSubmit=${i=>i.preventDefault()}>
      <label>Find<input type="search" value=${n} onInput=${i=>s(i.target.value)} /></label>
    </form>
    <${T} problem=${t} />
    ${r.map(i=>l`<${An} key=${i.method+i.path} ...${i} all=${a} />`)}
    ${e&&r.length===0&&l`<${g} title="None"><p class="empty">Nothing is called so.</p><//>`}`}var le=(e,t)=>e.split(`
`).filter(n=>n.startsWith(t)&&!n.startsWith("#")).reduce((n,s)=>n+Number(s.slice(s.lastIndexOf(" ")+1)),0);function ze(e,t){let[n,s]=k([]),[a,o]=k(!1),[r,i]=k(!1);return H(()=>{if(!r)return St(e,u=>s(d=>[u,...d].slice(0,t)),o)},[e,r]),{rows:n,live:a,paused:r,pause:i}}var Ge=({rows:e})=>l`
  <${F} head=${["Event","Account","Type","Entry"]} label="Events">
    ${e.map(t=>l`<tr key=${t.seq} class="fresh">
        <td><a href=${w("event",t.event.source??"",t.event.id)}>${t.event.id}</a></td>
        <td><a href=${w("accounts",t.account)}>${t.account}</a></td>
        <td>${t.type}</td>
        <td class="soft">${t.seq}</td>
      </tr>`)}
  <//>`;function Kt(){let e=C(async()=>{let r=await ve("/metrics");return{entries:le(r,"price_log_durable_entry"),repeats:le(r,'price_events_total{result="duplicate"}'),refused:le(r,'price_events_total{result="rejected"}')+le(r,'price_events_total{result="conflict"}'),ready:le(r,"price_ready")===1}},[],2e3),t=C(()=>S("/v1/plans"),[],1e4),n=C(()=>S("/v1/invoices?limit=1000"),[],1e4),s=C(()=>S("/v1/accounts?limit=8"),[],1e4),a=ze(void 0,8),o=e.found??{};return l`
    <h1>Overview</h1>
    <${T} problem=${e.problem} />
    <div class="grid">
      <${g} title="This server" wide>
        <dl class="figures">
          <div><dt>entries in the log</dt><dd>${_(o.entries??0)}</dd></div>
          <div><dt>repeats since the start</dt><dd>${_(o.repeats??0)}</dd></div>
          <div><dt>rejects since the start</dt><dd>${_(o.refused??0)}</dd></div>
          <div><dt>plans</dt><dd>${new Set(t.found?.plans.map(r=>r.name)).size}</dd></div>
          <div><dt>health</dt><dd><span class=${`tag ${o.ready?"good":"bad"}`}>${o.ready?"ready":"not ready"}</span></dd></div>
        </dl>
      <//>
      <${g} title="Events as they come">
        ${a.rows.length?l`<${Ge} rows=${a.rows} />`:l`<${N}>${a.live?"Listening; nothing came yet.":"Connecting\u2026"}<//>`}
      <//>
      <${g} title="Accounts">
        <${T} problem=${s.problem} />
        ${s.found?.accounts.length===0&&l`<${N}>Nobody is on a plan yet.<//>`}
        <ul>${[...new Map(s.found?.accounts.map(r=>[r.account,r])).values()].map(r=>l`<li><a href=${w("accounts",r.account)}>${r.account}</a> <span class="soft">on ${r.plan}</span></li>`)}</ul>
        ${s.found?.next&&l`<a href=${w("accounts")}>all of them</a>`}
      <//>
      <${g} title="Issued last">
        <${T} problem=${n.problem} />
        ${n.found?.invoices.length===0&&l`<${N}>No period is closed yet. Drafts are with the accounts.<//>`}
        <ul>${n.found?.invoices.slice(-6).reverse().map(r=>l`<li><a href=${w("invoices",r.number)}>${r.number}</a> ${r.account}, ${_(r.total)} ${r.currency}</li>`)}</ul>
      <//>
      <${g} title="Plans in force">
        <ul>${t.found?.plans.filter(r=>r.latest).map(r=>l`<li><a href=${w("plans",r.hash)}>${r.name}</a> <span class="soft">known since ${r.since}</span></li>`)}</ul>
      <//>
    </div>`}function Qt(){let[e,t]=k({source:"",id:""}),[n,s]=k(""),a=ze(void 0,500),o=a.rows.filter(r=>!n||[r.account,r.type,r.event.id].some(i=>String(i).includes(n)));return l`
    <h1>Events</h1>
    <div class="grid">
      <${g} title="Find an event">
        <form class="row" onSubmit=${r=>(r.preventDefault(),location.hash=w("event",e.source,e.id))}>
          <label>Source<input value=${e.source} onInput=${r=>t({...e,source:r.target.value})} /></label>
          <label>Id<input required value=${e.id} onInput=${r=>t({...e,id:r.target.value})} /></label>
          <button class="main">Show its path</button>
        </form>
        <p class="soft small">From the record to the line of the invoice and to the line of the contract.</p>
      <//>
      <${g} title="As they come" wide>
        <div class="row">
          <label>Account, type or id holds<input type="search" value=${n} onInput=${r=>s(r.target.value)} /></label>
          <button aria-pressed=${a.paused} onClick=${()=>a.pause(!a.paused)}>${a.paused?"Go on":"Pause"}</button>
          <span class=${`tag ${a.live&&!a.paused?"good":""}`} role="status">${a.paused?"paused":a.live?"live":"connecting"}</span>
        </div>
        ${o.length?l`<${Ge} rows=${o.slice(0,100)} />`:l`<${N}>Nothing that fits came since this page was opened.<//>`}
      <//>
    </div>`}var Ln=e=>{let t=e.cells.flatMap(s=>s.rules),n=t.length?t:[e.rule];return n.filter((s,a)=>n.findIndex(o=>o.file===s.file&&o.line===s.line)===a)};function Yt({source:e,id:t}){let{found:n,problem:s}=C(()=>S(`/v1/events/path${j({source:e,id:t})}`),[e,t]),a=n?.state.status;return l`
    <h1>Event ${t} <small>${e&&`of ${e}`}</small></h1>
    <${T} problem=${s} />
    ${n&&l`<${g} title="Its path"><ol class="path">
      <li><h2>Record <span class=${`tag ${a==="current"?"good":"bad"}`}>${a==="current"?"counts":a}</span></h2>
        <p class="small soft">entry ${_(n.seq)}, happened ${U(n.happened)}, recorded ${U(n.recorded)}${n.set&&`, backfill ${n.set}`}</p>
        <pre>${JSON.stringify(n.event,null,2)}</pre></li>
      <li><h2>Account <a href=${w("accounts",n.account)}>${n.account}</a></h2>
        <p class="small soft">billed as ${n.billed}, on <a href=${w("plans",n.plan.hash)}>${n.plan.name}</a></p></li>
      ${n.allowances.map(o=>l`<li><h2>${_(o.drawn)} ${o.unit} from what is included: ${D(o.name)}</h2><${ie} hash=${n.plan.hash} rule=${o.rule} /></li>`)}
      ${n.lines.map(o=>l`<li><h2>Line ${D(o.name)}${o.meter&&l` <span class="soft">by meter ${D(o.meter)}</span>`}</h2>
          <p>${o.quantity!==null&&l`${_(o.quantity)} ${o.unit} `}${o.amount!==null?l`add <strong>${_(o.amount)} ${o.currency}</strong>`:l`<span class="soft">what it adds depends on the others</span>`}</p>
          ${o.cells.map(r=>l`
              ${r.tiers.length>0&&l`<${F} head=${["Tier",">Quantity",">Rate",">Amount"]} label="Tiers">
                ${r.tiers.map(i=>l`<tr><td>above ${_(i.from)}${i.to&&` up to ${_(i.to)}`}</td><td class="num">${_(i.quantity)}</td><td class="num">${_(i.rate)}</td><td class="num">${_(i.amount)}</td></tr>`)}
              <//>`}`)}
          ${Ln(o).map(r=>l`<${ie} hash=${n.plan.hash} rule=${r} />`)}</li>`)}
      ${n.lines.length===0&&l`<li><h2>No line</h2><p class="soft">No price counts it${a==="current"?"":", for it was taken back"}.</p></li>`}
      <li><h2>Invoice of <a href=${w("accounts",n.billed,n.invoiced.from)}>${O(n.invoiced)}</a></h2>
        <p class="small soft">${n.late?`It happened in ${O(n.period)}, and came after that was closed.`:"The period in which it happened."}</p></li>
    </ol><//>`}
    ${n?.earlier.length>0&&l`<${g} title="Contents it had before"><ul>${n.earlier.map(o=>l`<li>entry ${o.seq}: ${o.state.status}<pre>${JSON.stringify(o.event,null,2)}</pre></li>`)}</ul><//>`}`}function Zt(){let[e,t]=k({account:"",kind:"",disputed:""}),[n,s]=k(void 0),a=C(()=>S(`/v1/invoices${j({...e,cursor:n,limit:100})}`),[e,n],1e4),o=C(()=>S("/v1/billing/held"),[],1e4),r=i=>u=>(t({...e,[i]:u.target.value}),s(void 0));return l`
    <h1>Invoices</h1>
    <form class="row" onSubmit=${i=>i.preventDefault()}>
      <label>Billed<input type="search" value=${e.account} onChange=${r("account")} /></label>
      <label>Kind<select value=${e.kind} onChange=${r("kind")}>
        <option value="">all</option><option value="invoice">invoices</option><option value="credit-note">credit notes</option><option value="debit-note">debit notes</option>
      </select></label>
      <label>State<select value=${e.disputed} onChange=${r("disputed")}><option value="">all</option><option value="true">disputed</option></select></label>
    </form>
    <${T} problem=${a.problem} />
    ${o.found?.held.length>0&&l`<${g} title="Periods that cannot be settled"><ul>${o.found.held.map(i=>l`<li>${i.account} on ${i.plan} from ${i.from}: ${i.why}</li>`)}</ul><//>`}
    <${g} title="In the order in which they were issued">
      ${a.found?.invoices.length===0&&l`<${N}>${Object.values(e).some(Boolean)?"None that fits.":"No period is closed yet. A period closes when its grace is over; drafts are with the accounts."}<//>`}
      <${F} head=${["Number","Billed","Period","Issued",">Total",">To pay",""]} label="Invoices">
        ${a.found?.invoices.map(i=>l`<tr>
            <td><a href=${w("invoices",i.number)}>${i.number}</a></td><td><a href=${w("accounts",i.account)}>${i.account}</a></td>
            <td>${O(i.period)}</td><td>${i.issued}</td>
            <td class="num">${_(i.total)} ${i.currency}</td><td class="num">${_(i.due)}</td>
            <td>${i.kind!=="invoice"&&l`<span class="tag warm">${i.kind.replace("-"," ")} for ${i.corrects}</span> `}${i.status==="disputed"&&l`<span class="tag bad">disputed</span>`}</td>
          </tr>`)}
      <//>
      <div class="row">
        ${n&&l`<button onClick=${()=>s(void 0)}>First page</button>`}
        ${a.found?.next&&l`<button onClick=${()=>s(a.found.next)}>Next page</button>`}
      </div>
    <//>`}function Xt({number:e}){let t=`/v1/invoices/${encodeURIComponent(e)}`,{found:n,problem:s}=C(()=>S(t),[e]),a=C(()=>ve(`${t}/html`),[e]);return l`
    <h1>${e} ${n&&l`<small>${n.kind.replace("-"," ")} for <a href=${w("accounts",n.account)}>${n.account}</a></small>`}</h1>
    <${T} problem=${s} />
    ${n&&l`<${g} title="About it">
      <p>${_(n.total)} ${n.currency} for ${O(n.period)}, issued ${n.issued}${n.payable&&`, payable by ${n.payable}`}${" "}
        <span class=${`tag ${n.status==="disputed"?"bad":"good"}`}>${n.status}</span></p>
      ${n.corrects&&l`<p>Corrects <a href=${w("invoices",n.corrects)}>${n.corrects}</a>${n.reason&&`: ${n.reason}`}</p>`}
      ${n.corrected_by?.length>0&&l`<p>Corrected by ${n.corrected_by.map(o=>l`<a href=${w("invoices",o)}>${o}</a> `)}</p>`}
      ${n.disputes.map(o=>l`<p>${o.line?`Line ${o.line}`:"All of it"} contested: ${o.reason}${o.outcome&&` (${o.outcome})`}</p>`)}
      ${Object.entries(n.references).map(([o,r])=>l`<p>${o}: <span class="mono">${r}</span></p>`)}
      <p class="small soft">Plan <a href=${w("plans",n.plan.hash)}>${n.plan.name}</a>, knows entries up to ${_(n.cutoff_entry)}, contents <span class="mono">${n.invoice_blake3.slice(0,16)}…</span></p>
      <div class="row"><${ge} path=${`${t}/pdf`} as=${`${e}.pdf`}>Save as PDF<//></div>
    <//>`}
    ${n?.invoice?.lines?.length>0&&l`<${g} title="Its lines, and the contract"><${Ve} invoice=${n.invoice} hash=${n.plan.hash} /><//>`}
    ${a.found&&l`<iframe title=${`${e} as it is sent`} sandbox="" srcdoc=${a.found}></iframe>`}`}function Fn({of:e}){let{found:t,problem:n}=C(()=>S(`/v1/webhooks/${encodeURIComponent(e.id)}/deliveries`),[e.id],3e3),s=[e.types.length?e.types.join(", "):"everything",...Object.entries(e.balance_below).map(([a,o])=>`${a} below ${_(o)}`),e.usage_percent.length>0&&`shares of ${e.usage_percent.join(", ")} %`].filter(Boolean);return l`<${g} title=${e.url} wide>
    <p>${e.disabled?l`<span class="tag bad">says that it is gone</span>`:l`<span class="tag good">is told</span>`}${" "}
      <span class="small soft">${_(e.waiting)} waiting, <span class="mono">${e.id}</span></span></p>
    <p class="small soft">Asked for ${s.join("; ")}</p>
    <${T} problem=${n} />
    ${t?.deliveries.length===0&&l`<${N}>Nothing was sent yet.<//>`}
    <${F} head=${["Attempt at","Notice",">Attempt","What became of it"]} label=${`Attempts at ${e.url}`}>
      ${t?.deliveries.map(a=>l`<tr key=${a.id+a.attempt}><td class="small">${U(a.at)}</td><td class="mono small">${a.id}</td><td class="num">${a.attempt}</td>
          <td>${a.failed?l`<span class="tag bad">failed</span> ${a.failed}${a.next?`; again at ${U(a.next)}`:"; given up"}`:l`<span class="tag good">taken</span>`}</td></tr>`)}
    <//>
  <//>`}function en(){let{found:e,problem:t}=C(()=>S("/v1/webhooks"),[],3e3);return l`
    <h1>Notices</h1>
    <p class="soft">Endpoints of other systems, and the last attempts at each. They are made and changed by the API, with a key that has the role <code>admin</code>.</p>
    <${T} problem=${t} />
    ${e?.webhooks.length===0&&l`<${g} title="None"><${N}>Nobody is told: POST /v1/webhooks makes an endpoint.<//><//>`}
    ${e?.webhooks.map(n=>l`<${Fn} key=${n.id} of=${n} />`)}`}function nn(){let{found:e,problem:t}=C(()=>S("/v1/plans"),[],5e3);return l`
    <h1>Plans</h1>
    <${T} problem=${t} />
    <${g} title="All versions">
      ${e?.plans.length===0&&l`<${N}>No plan is published yet: price build, then POST /v1/plans.<//>`}
      <${F} head=${["Plan","Known since","Entry","Meaning","Signed by",""]} label="Plans">
        ${e?.plans.map(n=>l`<tr>
            <td><a href=${w("plans",n.hash)}>${n.name}</a></td><td>${n.since}</td><td>${_(n.seq)}</td>
            <td class="mono small">${n.hash.slice(0,12)}</td><td>${n.signer}</td><td>${n.latest&&l`<span class="tag good">in force</span>`}</td>
          </tr>`)}
      <//>
    <//>`}var tn=(e,t)=>e.title===t.title&&e.within===t.within&&e.excerpt===t.excerpt,Dn=({before:e,now:t})=>{let n=t.rules.filter(a=>!e.rules.some(o=>tn(a,o))),s=e.rules.filter(a=>!t.rules.some(o=>tn(a,o)));return l`
    ${n.length+s.length===0&&l`<${N}>No rule changed.<//>`}
    <div class="diff">${s.map(a=>l`<pre class="minus">− ${a.excerpt}</pre>`)}${n.map(a=>l`<pre class="plus">+ ${a.excerpt}</pre>`)}</div>`};function Hn({now:e,others:t}){let[n,s]=k(t.at(-1).hash),{found:a,problem:o}=C(()=>be(n),[n]);return l`<${g} title="What changed" wide>
    <div class="row"><label>Since the version of<select value=${n} onChange=${r=>s(r.target.value)}>
      ${t.map(r=>l`<option value=${r.hash}>${r.since}, entry ${r.seq}</option>`)}
    </select></label></div>
    <${T} problem=${o} />
    ${a&&(a.source&&e.source?l`<${qt} before=${a} now=${e} />`:l`<${Dn} before=${a} now=${e} />`)}
  <//>`}function sn({hash:e,file:t,line:n}){let{found:s,problem:a}=C(async()=>{let[c,$]=await Promise.all([be(e),S("/v1/plans")]),f=$.plans.filter(y=>y.name===c.name).sort((y,v)=>y.seq-v.seq),b=f.slice(0,f.findLastIndex(y=>y.hash===e)),h=b.filter((y,v)=>y.hash!==e&&b.findLastIndex(m=>m.hash===y.hash)===v);return{now:c,versions:f,others:h}},[e]),{now:o,versions:r,others:i}=s??{},u=c=>c.file===t&&String(c.line)===n,d=i?.length>0&&l`<${Hn} now=${o} others=${i} />`,p=o&&(o.source?l`<${g} title="As it is written" wide><div class="sides">
          <ul class="rules" aria-label="Rules">${o.rules.map(c=>l`<li><a href=${w("plans",e,c.file,String(c.line))} aria-current=${u(c)?"true":void 0}>${c.title}</a> <${je} rule=${c} /></li>`)}</ul>
          <${Ot} of=${o} file=${t} line=${n} />
        </div><//>`:l`<${g} title="Rules, as they are written" wide>
          ${o.rules.map(c=>l`<div><${je} rule=${c} /><pre class="rule">${c.excerpt}</pre></div>`)}
        <//>`);return l`
    <h1>${o?.name} <small class="mono">${e.slice(0,12)}</small></h1>
    <${T} problem=${a} />
    ${o&&l`<div class="grid">
      <${g} title="Versions" wide>
        <ul>${r.map(c=>l`<li>${c.hash===e?l`<strong>${c.since}</strong>`:l`<a href=${w("plans",c.hash)}>${c.since}</a>`} <span class="soft">entry ${c.seq}${c.signer?`, signed by ${c.signer}`:""}${c.latest?", in force":""}</span></li>`)}</ul>
      <//>
      ${n?[p,d]:[d,p]}
    </div>`}`}function jn({reject:e,again:t}){let[n,s]=k(JSON.stringify(e.record,null,2)),[a,o]=k({}),r=async i=>{i.preventDefault();try{let u=await Ct(`/v1/rejects/${e.seq}/retry`,n);o({result:u}),u.status==="accepted"&&t()}catch(u){o({problem:u})}};return l`
    <section class="card" aria-label=${`Reject ${e.seq}`}>
      <h2>${He(e.message)} <a class="tag bad" href=${`/problems/${e.code}`}>${e.code}</a></h2>
      <p class="small soft">entry ${e.seq}, came ${U(e.recorded)}</p>
      <details><summary>Record</summary>
        <form onSubmit=${r}>
          <label>Mend it here<textarea spellcheck="false" value=${n} onInput=${i=>s(i.target.value)}></textarea></label>
          <div class="row"><button class="main">Send it again</button></div>
        </form>
        ${a.result&&l`<p role="status">${a.result.status}${a.result.message?`: ${a.result.message}`:""}</p>`}
        <${T} problem=${a.problem} />
      </details>
    </section>`}function on(){let[e,t]=k(void 0),n=C(()=>S(`/v1/rejects${j({cursor:e,limit:50})}`),[e]);return l`
    <h1>Rejects</h1>
    <p class="soft">Events that did not fit are kept with their reason. A plan or an account is mended, or the record, and they are sent again.</p>
    <${T} problem=${n.problem} />
    ${n.found?.rejects.length===0&&l`<${g} title="None"><${N}>Everything that came fits.<//><//>`}
    ${n.found?.rejects.map(s=>l`<${jn} key=${s.seq} reject=${s} again=${n.again} />`)}
    <div class="row">
      ${e&&l`<button onClick=${()=>t(void 0)}>First page</button>`}
      ${n.found?.next&&l`<button onClick=${()=>t(n.found.next)}>Next page</button>`}
    </div>`}var Je=[["","Overview",Kt],["accounts","Accounts",Bt,([e,t])=>l`<${zt} key=${e} name=${e} on=${t??""} />`],["events","Events",Qt],["invoices","Invoices",Zt,([e])=>l`<${Xt} key=${e} number=${e} />`],["rejects","Rejects",on],["notices","Notices",en],["plans","Plans",nn,([e,t,n])=>l`<${sn} key=${e} hash=${e} file=${t} line=${n} />`],["api","API",Jt]],rn=()=>{try{return location.hash.replace(/^#\/?/,"").split("/").map(decodeURIComponent)}catch{return[""]}};function Rn(){let[e,t]=k(rn);return H(()=>{let n=()=>t(rn());return addEventListener("hashchange",n),()=>removeEventListener("hashchange",n)},[]),e}function Mn(){let e=G(),[t,n]=k("");return H(()=>{let a=()=>e.current?.open||e.current?.showModal();return addEventListener("price-key-wanted",a),()=>removeEventListener("price-key-wanted",a)},[]),l`<dialog ref=${e} aria-labelledby="sign-in">
    <h2 id="sign-in">This server asks for a key</h2>
    <p class="soft small">One with the role <code>read</code>, made by <code>price keys add</code>. It is kept in this tab only.</p>
    <form method="dialog" onSubmit=${()=>{Q.set(t.trim()),location.reload()}}>
      <label>API key<input type="password" autocomplete="off" required value=${t} onInput=${a=>n(a.target.value)} /></label>
      <div class="row"><button class="main">Use it</button></div>
    </form>
  </dialog>`}function On(){let[e,...t]=Rn(),n=G(),s=G(!0),a=Je.find(([i])=>i===(e==="event"?"events":e))??Je[0];H(()=>{document.title=`${[a[1],...t].filter(Boolean).join(" \xB7 ")} \xB7 Price`,s.current||n.current?.focus(),s.current=!1,scrollTo(0,0)},[e,...t]);let[,,o,r]=a;return l`
    <div class="top"><div>
      <a class="brand" href="#/">Price</a>
      <nav aria-label="Views"><ul>
        ${Je.map(([i,u])=>l`<li><a href=${i?w(i):"#/"} aria-current=${a[0]===i?"page":void 0}>${u}</a></li>`)}
      </ul></nav>
      <div class="end">${Q.get()&&l`<button onClick=${()=>(Q.set(""),location.reload())}>Sign out</button>`}</div>
    </div></div>
    <main id="content" ref=${n} tabindex="-1">
      ${e==="event"?l`<${Yt} key=${t.join("/")} source=${t[0]??""} id=${t[1]??""} />`:t[0]&&r?r(t):l`<${o} />`}
    </main>
    <${Mn} />`}var an=document.getElementById("app");an.textContent="";ut(l`<${On} />`,an);
