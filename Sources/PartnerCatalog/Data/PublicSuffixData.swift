// Public suffixes of more than one label that API hosts are seen under. Written from general knowledge on 2026-11-24, not from
// the Public Suffix List; an operator or the aggregator may publish more.

extension PublicSuffixes {
    public static let builtIn = PublicSuffixes(
        registries: registryLabels.flatMap { country, labels in labels.split(separator: " ").map { "\($0).\(country)" }
        },
        companies: companyNames.split(separator: "\n").flatMap { $0.split(separator: " ").map(String.init) }
            + amazonServices.flatMap { service in amazonRegions.map { "\(service).\($0).amazonaws.com" } }
            + amazonRegions.map { "lambda-url.\($0).on.aws" }
            + amazonRegions.map { "\($0).elasticbeanstalk.com" }
            + amazonRegions.map { "\($0).awsapprunner.com" }
            + azureRegions.map { "\($0).azurecontainerapps.io" }
            + azureRegions.map { "\($0).cloudapp.azure.com" })

    /// Second-level labels by country.
    private static let registryLabels: [(String, String)] = [
        ("ae", "co net org gov ac sch"), ("ar", "com edu gob gov int mil net org"), ("at", "ac co gv or"),
        ("au", "com net org edu gov asn id"), ("bd", "com net org edu gov ac"), ("bo", "com net org edu gob"),
        ("br", "com net org gov edu app dev blog eco art ind inf srv tec tv adv eng"), ("bw", "co org"),
        ("cn", "com net org edu gov ac mil"), ("co", "com net org edu gov mil nom"), ("cr", "co or fi ac go ed sa"),
        ("cy", "com net org gov ac biz ltd pro"), ("do", "com net org edu gob gov"),
        ("ec", "com net org edu gob fin info"),
        ("eg", "com net org edu gov sci"), ("es", "com nom org gob edu"), ("fj", "com net org ac gov"),
        ("fr", "asso com gouv nom prd tm"), ("ge", "com net org edu gov pvt"), ("gh", "com org edu gov mil"),
        ("gr", "com net org edu gov"), ("gt", "com net org edu gob ind mil"), ("hk", "com net org edu gov idv"),
        ("hn", "com net org edu gob"), ("hr", "com from iz name"), ("hu", "co org info"),
        ("id", "co or ac go net web sch my biz desa"), ("il", "co org net ac gov k12 muni"),
        ("in", "co com firm net org gen ind ac edu res gov nic"), ("ir", "co net org ac gov id sch"), ("it", "gov edu"),
        ("jm", "com net org edu gov"), ("jp", "co ne or go ac ad ed gr lg"), ("ke", "co or ne go ac sc info me mobi"),
        ("kr", "co ne or re pe go ac hs mil"), ("kw", "com net org edu gov"), ("kz", "com net org edu gov mil"),
        ("lb", "com net org edu gov"), ("lk", "com net org edu gov ac"), ("ma", "co net org ac gov press"),
        ("mt", "com net org edu"), ("mx", "com net org edu gob"), ("my", "com net org edu gov mil name"),
        ("mz", "co net org ac gov edu"), ("na", "com co org net"), ("ng", "com net org edu gov name mobi sch"),
        ("ni", "com net org edu gob co"), ("np", "com net org edu gov"),
        ("nz", "co net org ac govt school geek gen iwi maori kiwi cri health"), ("om", "com co net org edu gov"),
        ("pa", "com net org edu gob ac"), ("pe", "com net org edu gob nom"), ("ph", "com net org edu gov ngo"),
        ("pk", "com net org edu gov web biz"), ("pl", "com net org edu gov info biz waw"),
        ("pt", "com org edu gov nome"),
        ("py", "com net org edu gov coop"), ("qa", "com net org edu gov sch"), ("ro", "com org info firm store"),
        ("rs", "co org edu ac gov in"), ("ru", "com msk spb"), ("sa", "com net org edu gov med pub sch"),
        ("se", "org pp tm"), ("sg", "com net org edu gov per"), ("sv", "com org edu gob red"),
        ("th", "co in ac go mi or net"), ("tn", "com net org gov ind info"),
        ("tr", "com net org edu gov bel biz info gen web k12 av dr"), ("tt", "com co net org gov"),
        ("tw", "com net org edu gov idv game"), ("tz", "co or go ac ne me sc"),
        ("ua", "com net org edu gov in kiev kyiv lviv"),
        ("ug", "co or ac sc go ne com org"), ("uk", "ac co gov ltd me net nhs org plc police sch"),
        ("uy", "com net org edu gub mil"), ("uz", "co com net org"), ("ve", "com co net org edu gob info web"),
        ("vn", "com net org edu gov int ac biz info name pro health"), ("za", "co net org ac gov web law nom school"),
        ("zm", "co com org ac gov"), ("zw", "co org ac gov"),
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
