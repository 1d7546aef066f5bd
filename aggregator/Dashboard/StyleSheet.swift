/// The one style sheet: light and dark by what the reader's system wishes, one column on a phone. No font, image or script is
/// fetched from anywhere.
let styleSheet = Array(
    """
    :root{--bg:#f6f7f9;--card:#fff;--ink:#161b26;--soft:#5d6678;--line:#e4e8ee;--track:#edf0f4;
    --ok:#1f9d6b;--okpale:#dcc98a;--degraded:#d99a0b;--partial:#e2711d;--major:#d3344a;--maintenance:#4a76d4;--unknown:#8b94a5;
    --calls:#9db4e8;--okbg:#e9f7f0;--degradedbg:#fdf5e1;--partialbg:#fdefe4;--majorbg:#fcebee;--shadow:0 1px 2px rgba(22,27,38,.05),0 4px 16px rgba(22,27,38,.05)}
    @media(prefers-color-scheme:dark){:root{--bg:#0d1118;--card:#151b25;--ink:#e8ecf4;--soft:#97a1b4;--line:#252d3b;--track:#202835;
    --ok:#3cc48a;--okpale:#75642c;--degraded:#e7b23c;--partial:#f08a45;--major:#f0596d;--maintenance:#7a9df0;--unknown:#6c7689;
    --calls:#4b64a3;--okbg:#11261f;--degradedbg:#2a2212;--partialbg:#2c1d12;--majorbg:#2e161b;--shadow:none}}
    *{box-sizing:border-box}
    html{-webkit-text-size-adjust:100%}
    body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
    .wrap{max-width:64rem;margin:0 auto;padding:0 1.25rem}
    .top{border-bottom:1px solid var(--line);background:var(--card)}
    .top .wrap{display:flex;justify-content:space-between;align-items:center;gap:1rem;height:3.5rem}
    .brand{display:flex;align-items:center;gap:.55rem;font-weight:650;letter-spacing:-.01em;color:var(--ink);text-decoration:none}
    .top nav{margin-right:auto}.top nav a{color:inherit;text-decoration:none}.top nav a:hover{text-decoration:underline}
    .entries{list-style:none;display:grid;gap:.5rem;font-size:.93rem}.entries li{overflow-wrap:anywhere}.entries time{color:var(--soft)}
    .outages a{color:inherit}
    .asof,footer,small,.scale,.back{color:var(--soft);font-size:.84rem}
    .stale{color:var(--partial)}
    h1,h2,h3,p,dl,dd,ul{margin:0;padding:0}
    h1{font-size:1.5rem;line-height:1.25;letter-spacing:-.02em}
    h2{font-size:1.06rem;letter-spacing:-.01em;display:flex;align-items:center;gap:.6rem;min-width:0;overflow-wrap:anywhere}
    h3{font-size:1rem;letter-spacing:-.01em}
    h3 small{font-weight:400}
    main.wrap{padding-top:1.5rem;padding-bottom:1rem}
    .back{margin-bottom:.75rem}.back a,footer a{color:inherit}
    .hero{display:flex;gap:1rem;align-items:flex-start;padding:1.4rem 1.5rem;border-radius:14px;background:var(--card);
    border:1px solid var(--line);border-left:6px solid var(--unknown);margin-bottom:1.25rem}
    .hero p{color:var(--soft);margin-top:.2rem;overflow-wrap:anywhere}.hero p b{color:var(--ink)}
    .hero .sign{width:2rem;height:2rem;margin-top:.05rem}
    .hero.ok{border-left-color:var(--ok);background:var(--okbg)}.hero.degraded{border-left-color:var(--degraded);background:var(--degradedbg)}
    .hero.partial{border-left-color:var(--partial);background:var(--partialbg)}.hero.major{border-left-color:var(--major);background:var(--majorbg)}
    .sign{width:1.25rem;height:1.25rem;flex:none}
    .sign path{fill:none;stroke:var(--card);stroke-width:1.9;stroke-linecap:round;stroke-linejoin:round}
    .sign.ok circle{fill:var(--ok)}.sign.degraded circle{fill:var(--degraded)}.sign.partial circle{fill:var(--partial)}
    .sign.major circle{fill:var(--major)}.sign.maintenance circle{fill:var(--maintenance)}.sign.unknown circle{fill:var(--unknown)}
    .partners{display:grid;gap:1rem}
    .card,.panel,.empty{display:block;background:var(--card);border:1px solid var(--line);border-radius:14px;padding:1.1rem 1.25rem;
    color:inherit;text-decoration:none;box-shadow:var(--shadow)}
    .card:hover{border-color:var(--soft)}.card:focus-visible{outline:3px solid var(--maintenance);outline-offset:2px}
    .panel{margin-top:1rem}.panel h3{margin-bottom:.7rem}
    .row{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
    .card>.row{align-items:center}
    .state{font-weight:600;font-size:.92rem;text-align:right;flex:none;max-width:60%}
    .state.ok{color:var(--ok)}.state.degraded{color:var(--degraded)}.state.partial{color:var(--partial)}.state.major{color:var(--major)}
    .state.unknown{color:var(--soft);font-weight:500}.state.maintenance{color:var(--maintenance)}
    .reason{margin-top:.35rem;color:var(--soft);font-size:.93rem;overflow-wrap:anywhere}
    .strip{display:block;width:100%;height:30px;margin-top:.85rem}
    .strip .ok{fill:var(--ok)}.strip .some{fill:var(--okpale)}.strip .degraded{fill:var(--degraded)}.strip .partial{fill:var(--partial)}
    .strip .major{fill:var(--major)}.strip .maintenance{fill:var(--maintenance)}.strip .none,.strip .unknown{fill:var(--track)}
    .scale{margin-top:.3rem}
    .facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:.9rem 1.25rem}
    .card .facts{margin-top:.9rem;padding-top:.9rem;border-top:1px solid var(--line)}
    dt{color:var(--soft);font-size:.8rem}dd{font-size:1.15rem;font-weight:600;letter-spacing:-.01em;font-variant-numeric:tabular-nums}
    dd{white-space:nowrap}dd small{font-weight:400;margin-left:.45rem;letter-spacing:0}
    .chart{display:block;width:100%;height:140px}.chart .calls{fill:var(--calls)}.chart .failed{fill:var(--major)}
    .chart .rule{stroke:var(--line);stroke-width:1;vector-effect:non-scaling-stroke}
    .legend{color:var(--soft);font-size:.84rem;display:flex;align-items:center;gap:.4rem}
    .legend i{width:.7rem;height:.7rem;border-radius:3px;margin-left:.6rem}.legend .calls{background:var(--calls)}.legend .failed{background:var(--major)}
    .scroll{overflow-x:auto;margin-top:.9rem}
    table{border-collapse:collapse;width:100%;font-size:.93rem}
    th{color:var(--soft);font-weight:500;font-size:.8rem}td,th{padding:.42rem .6rem;text-align:left;border-bottom:1px solid var(--line);white-space:nowrap}
    tr:last-child td{border-bottom:0}td:first-child,th:first-child{padding-left:0}td:last-child,th:last-child{padding-right:0}
    .num{text-align:right;font-variant-numeric:tabular-nums}
    .columns{display:grid;grid-template-columns:repeat(auto-fit,minmax(17rem,1fr));gap:0 1rem}
    .shares{list-style:none;display:grid;gap:.6rem}.shares li{display:grid;grid-template-columns:1fr auto;gap:.1rem .8rem;font-size:.93rem}
    .shares .name{overflow-wrap:anywhere}.shares .num{color:var(--soft)}
    .meter{grid-column:1/-1;width:100%;height:4px;border-radius:2px}.meter .track{fill:var(--track)}.meter .failed{fill:var(--major)}
    .outages{list-style:none;display:grid;gap:1rem}.outages li{border-left:4px solid var(--unknown);padding-left:.9rem}
    .outages .degraded{border-color:var(--degraded)}.outages .partial{border-color:var(--partial)}.outages .major{border-color:var(--major)}
    .outages p{overflow-wrap:anywhere}.outages .row span{color:var(--soft);font-size:.9rem}
    .empty{text-align:center;padding:3rem 1.5rem}.empty h2{justify-content:center}.empty p{color:var(--soft);margin-top:.4rem}
    code{font:.9em ui-monospace,SFMono-Regular,Menlo,monospace;background:var(--track);padding:.1em .35em;border-radius:5px}
    footer.wrap{display:flex;justify-content:space-between;flex-wrap:wrap;gap:.5rem 1.5rem;padding-top:1.25rem;padding-bottom:2.5rem}
    footer nav{display:flex;flex-wrap:wrap;gap:.4rem 1.2rem}
    @media(max-width:34rem){.wrap{padding:0 .9rem}.hero{padding:1.1rem}.hero h1{font-size:1.25rem}.card,.panel{padding:1rem}
    .card .row:first-child{flex-wrap:wrap;gap:.2rem 1rem}.state{max-width:100%}.facts{grid-template-columns:1fr 1fr}dd small{display:block;margin-left:0}}
    @media(prefers-reduced-motion:no-preference){.card{transition:border-color .15s}}
    """.utf8)
