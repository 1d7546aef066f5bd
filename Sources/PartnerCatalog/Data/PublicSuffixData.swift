// Public suffixes of more than one label that API hosts are seen under: written for Farwatch, and compared on 2026-11-27 with the
// Public Suffix List of Debian's `publicsuffix` 20230209 (docs/decisions/public-suffixes.md). A test repeats the comparison.

extension PublicSuffixes {
    public static let builtIn = PublicSuffixes(
        registries: registryLabels.flatMap { country, labels in labels.split(separator: " ").map { "\($0).\(country)" }
        }
            + registryWildcards,
        companies: companyNames.split(separator: "\n").flatMap { $0.split(separator: " ").map(String.init) }
            + amazonServices.flatMap { service in amazonRegions.map { "\(service).\($0).amazonaws.com" } }
            + amazonRegions.map { "lambda-url.\($0).on.aws" }
            + amazonRegions.map { "\($0).elasticbeanstalk.com" }
            + amazonRegions.map { "\($0).awsapprunner.com" }
            + azureRegions.map { "\($0).azurecontainerapps.io" }
            + azureRegions.map { "\($0).cloudapp.azure.com" })

    /// Second-level labels by country.
    private static let registryLabels: [(String, String)] = [
        ("ac", "com net org edu gov"), ("ae", "co net org gov ac sch"), ("af", "com net org edu gov"),
        ("ag", "com co net org"), ("ai", "com net org"), ("al", "com net org edu gov"), ("am", "com co net org"),
        ("ao", "co"), ("ar", "com edu gob gov int mil net org"), ("as", "gov"), ("at", "ac co gv or"),
        ("au", "com net org edu gov asn id"), ("aw", "com"), ("az", "com net org edu gov"),
        ("ba", "com net org edu gov"), ("bb", "com co net org edu gov"), ("be", "ac"), ("bf", "gov"),
        ("bh", "com net org edu gov"), ("bi", "com co org edu or"), ("bj", "com co net org edu"),
        ("bm", "com net org edu gov"), ("bn", "com net org edu gov"), ("bo", "com net org edu gob"),
        ("br", "com net org gov edu app dev blog eco art ind inf srv tec tv adv eng"), ("bs", "com net org edu gov"),
        ("bt", "com net org edu gov"), ("bw", "co org"), ("by", "com gov"), ("bz", "com net org edu gov"),
        ("cd", "gov"), ("ci", "com co net org edu ac go or gouv"), ("cl", "co gov gob"), ("cm", "com co net gov"),
        ("cn", "com net org edu gov ac mil"), ("co", "com net org edu gov mil nom"), ("cr", "co or fi ac go ed sa"),
        ("cu", "com net org edu gov"), ("cv", "com org edu"), ("cw", "com net org edu"), ("cx", "gov"),
        ("cy", "com net org gov ac biz ltd pro"), ("dm", "com net org edu gov"), ("do", "com net org edu gob gov"),
        ("dz", "com net org edu gov"), ("ec", "com net org edu gob fin info gov"), ("ee", "com org edu gov"),
        ("eg", "com net org edu gov sci"), ("es", "com nom org gob edu"), ("et", "com net org edu gov"),
        ("fj", "com net org ac gov"), ("fm", "com net org edu"), ("fr", "asso com gouv nom prd tm"),
        ("gd", "edu gov"), ("ge", "com net org edu gov pvt"), ("gg", "co net org"), ("gh", "com org edu gov mil"),
        ("gi", "com org edu gov"), ("gl", "com co net org edu"), ("gn", "com net org edu gov ac"),
        ("gp", "com net org edu"), ("gr", "com net org edu gov"), ("gt", "com net org edu gob ind mil"),
        ("gu", "com net org edu gov"), ("gy", "com co net org edu gov"), ("hk", "com net org edu gov idv"),
        ("hn", "com net org edu gob"), ("hr", "com from iz name"), ("ht", "com net org edu gouv"),
        ("hu", "co org info"), ("id", "co or ac go net web sch my biz desa"), ("ie", "gov"),
        ("il", "co org net ac gov k12 muni"), ("im", "com co net org ac"),
        ("in", "co com firm net org gen ind ac edu res gov nic"), ("io", "com"), ("iq", "com net org edu gov"),
        ("ir", "co net org ac gov id sch"), ("is", "com net org edu gov"), ("it", "gov edu co go or"),
        ("je", "co net org"), ("jo", "com net org edu gov"), ("jp", "co ne or go ac ad ed gr lg"),
        ("ke", "co or ne go ac sc info me mobi"), ("kg", "com net org edu gov"), ("ki", "com net org edu gov"),
        ("km", "com org edu gov gouv"), ("kn", "net org edu gov"), ("kp", "com org edu gov"),
        ("kr", "co ne or re pe go ac hs mil"), ("kw", "com net org edu gov"), ("ky", "com net org edu"),
        ("kz", "com net org edu gov mil"), ("la", "com net org edu gov"), ("lb", "com net org edu gov"),
        ("lc", "com co net org edu gov"), ("lk", "com net org edu gov ac"), ("lr", "com net org edu gov"),
        ("ls", "co net org edu gov ac"), ("lt", "gov"), ("lv", "com net org edu gov"), ("ly", "com net org edu gov"),
        ("ma", "co net org ac gov press"), ("me", "co net org edu gov ac"), ("mg", "com co org edu gov"),
        ("mk", "com net org edu gov"), ("ml", "com net org edu gov gouv"), ("mn", "org edu gov"),
        ("mo", "com net org edu gov"), ("mr", "gov"), ("ms", "com net org edu gov"), ("mt", "com net org edu"),
        ("mu", "com co net org gov ac or"), ("mv", "com net org edu gov"), ("mw", "com co net org edu gov ac"),
        ("mx", "com net org edu gob"), ("my", "com net org edu gov mil name"), ("mz", "co net org ac gov edu"),
        ("na", "com co org or"), ("nf", "com net"), ("ng", "com net org edu gov name mobi sch"),
        ("ni", "com net org edu gob co ac"), ("nr", "com net org edu gov"),
        ("nz", "co net org ac govt school geek gen iwi maori kiwi cri health"), ("om", "com co net org edu gov"),
        ("pa", "com net org edu gob ac"), ("pe", "com net org edu gob nom"), ("pf", "com org edu"),
        ("ph", "com net org edu gov ngo"), ("pk", "com net org edu gov web biz gob"),
        ("pl", "com net org edu gov info biz waw"), ("pn", "co net org edu gov"), ("pr", "com net org edu gov ac"),
        ("ps", "com net org edu gov"), ("pt", "com org edu gov nome net"), ("pw", "co go or"),
        ("py", "com net org edu gov coop"), ("qa", "com net org edu gov sch"), ("re", "com"),
        ("ro", "com org info firm store"), ("rs", "co org edu ac gov in"), ("ru", "com msk spb"),
        ("rw", "co net org gov ac"), ("sa", "com net org edu gov med pub sch"), ("sb", "com net org edu gov"),
        ("sc", "com net org edu gov"), ("sd", "com net org edu gov"), ("se", "org pp tm ac"),
        ("sg", "com net org edu gov per"), ("sh", "com net org gov"), ("sl", "com net org edu gov"),
        ("sn", "com org edu gouv"), ("so", "com net org edu gov"), ("ss", "com net org edu gov"),
        ("st", "com co net org edu"), ("sv", "com org edu gob red"), ("sx", "gov"), ("sy", "com net org edu gov"),
        ("sz", "co org ac"), ("th", "co in ac go mi or net"), ("tj", "com co net org edu gov ac go"), ("tl", "gov"),
        ("tm", "com co net org edu gov"), ("tn", "com net org gov ind info"), ("to", "com net org edu gov"),
        ("tr", "com net org edu gov bel biz info gen web k12 av dr"), ("tt", "com co net org gov edu"),
        ("tw", "com net org edu gov idv game"), ("tz", "co or go ac ne me sc"),
        ("ua", "com net org edu gov in kiev kyiv lviv"), ("ug", "co or ac sc go ne com org"),
        ("uk", "ac co gov ltd me net nhs org plc police"), ("us", "co or"), ("uy", "com net org edu gub mil"),
        ("uz", "co com net org"), ("vc", "com net org edu gov"), ("ve", "com co net org edu gob info web gov"),
        ("vi", "com co net org"), ("vn", "com net org edu gov int ac biz info name pro health"),
        ("vu", "com net org edu"), ("ws", "com net org edu gov"), ("ye", "com net org edu gov"),
        ("za", "co net org ac gov web law nom school edu"), ("zm", "co com org ac gov net edu"),
        ("zw", "co org ac gov"),
    ]

    /// Registries that hand out names below every second-level label.
    private static let registryWildcards = [
        "*.bd", "*.ck", "!www.ck", "*.er", "*.fk", "*.jm", "*.kh", "*.mm", "*.np", "*.pg",
    ]

    private static let companyNames = """
        herokuapp.com herokussl.com myshopify.com vercel.app now.sh netlify.app pages.dev workers.dev r2.dev trycloudflare.com
        web.app firebaseapp.com appspot.com run.app cloudfunctions.net a.run.app withgoogle.com
        azurewebsites.net azure-api.net azurefd.net azureedge.net cloudapp.net trafficmanager.net azurestaticapps.net
        cloudfront.net elasticbeanstalk.com s3-website.amazonaws.com elb.amazonaws.com amplifyapp.com
        fly.dev onrender.com up.railway.app railway.app deno.dev ngrok.io ngrok.app ngrok-free.app ngrok.dev loca.lt
        digitaloceanspaces.com ondigitalocean.app github.io gitlab.io bitbucket.io glitch.me repl.co replit.app replit.dev
        supabase.co hasura.app nhost.run convex.cloud mybluemix.net appdomain.cloud cfapps.io koyeb.app northflank.app
        surge.sh wpengine.com pantheonsite.io platformsh.site lndo.site fastly.net global.ssl.fastly.net
        bubbleapps.io webflow.io wixsite.com mystrikingly.com typeform.app
        """

    private static let amazonServices = ["execute-api", "elb", "s3-website"]
    static let amazonRegions = [
        "us-east-1", "us-east-2", "us-west-1", "us-west-2", "ca-central-1", "ca-west-1", "sa-east-1", "mx-central-1",
        "eu-west-1", "eu-west-2", "eu-west-3", "eu-central-1", "eu-central-2", "eu-north-1", "eu-south-1", "eu-south-2",
        "ap-south-1", "ap-south-2", "ap-east-1", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-southeast-1",
        "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5", "ap-southeast-7", "me-south-1",
        "me-central-1", "il-central-1", "af-south-1", "us-gov-east-1", "us-gov-west-1",
    ]
    private static let azureRegions = [
        "eastus", "eastus2", "centralus", "northcentralus", "southcentralus", "westus", "westus2", "westus3",
        "canadacentral", "canadaeast", "brazilsouth", "northeurope", "westeurope", "uksouth", "ukwest", "francecentral",
        "germanywestcentral", "norwayeast", "swedencentral", "switzerlandnorth", "polandcentral", "italynorth",
        "spaincentral", "southeastasia", "eastasia", "australiaeast", "australiasoutheast", "japaneast", "japanwest",
        "koreacentral", "centralindia", "southindia", "southafricanorth", "uaenorth", "qatarcentral", "israelcentral",
    ]
}
