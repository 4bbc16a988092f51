namespace Tokenry.Server.Composition.Demo;

/// <summary>An API of the company.</summary>
internal sealed record DemoResource(string Identifier, string Name, string[] ObjectTypes, (string Name, string Description)[] Scopes);

/// <summary>A role: rights at one API.</summary>
internal sealed record DemoRole(string Name, string Description, string Api, string[] Scopes);

/// <summary>A person.</summary>
/// <param name="Name">Their name.</param>
/// <param name="Mail">The part before the @.</param>
/// <param name="Roles">Names of roles.</param>
/// <param name="Customer">The customer they belong to, with <paramref name="CustomerRole"/>; <c>null</c> = the company.</param>
/// <param name="CustomerRole">The name of a built-in role of organizations.</param>
internal sealed record DemoPerson(string Name, string Mail, string[] Roles, string? Customer = null, string? CustomerRole = null);

/// <summary>A credential and the use that is made of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Owner">The application, or the mail of the person for a personal access token.</param>
/// <param name="Role">The name of the role that gives its rights.</param>
/// <param name="Scopes">The scopes that its requests need.</param>
internal sealed record DemoKey(string Name, string Owner, string Role, string[] Scopes)
{
    /// <summary>Days before today on which it is made.</summary>
    public required int Made { get; init; }

    /// <summary>Uses on an ordinary day; 0 = never used.</summary>
    public int PerDay { get; init; }

    /// <summary>Days before today of the last use.</summary>
    public int UsedUntil { get; init; }

    /// <summary>The first three bytes of its caller's address.</summary>
    public string Network { get; init; } = "192.0.2";

    /// <summary>Days from today until it expires, negative for the past; <c>null</c> = never.</summary>
    public int? Expires { get; init; }

    public int? RotateEveryDays { get; init; }

    public string? AllowedNetwork { get; init; }

    /// <summary>Days before today on which its secret is rolled.</summary>
    public int[] Rolled { get; init; } = [];

    /// <summary>The part of its uses that asks for more than it may, in percent.</summary>
    public int Overreach { get; init; }

    public string? Pattern { get; init; }
}

/// <summary>A company that moves freight, and its customers. All names are invented; all addresses are for documentation (RFC 5737).</summary>
internal static class DemoCompany
{
    public const string Shipments = "https://shipments.example.com";
    public const string Billing = "https://billing.example.com";
    public const string Telemetry = "https://telemetry.example.com";

    public static readonly DemoResource[] Apis =
    [
        new(
            Shipments,
            "Shipments",
            ["depot", "customer"],
            [
                ("shipments:read", "Read shipments and where they are"),
                ("shipments:write", "Create and change shipments"),
                ("labels:print", "Print labels"),
            ]
        ),
        new(
            Billing,
            "Billing",
            ["customer"],
            [
                ("invoices:read", "Read invoices"),
                ("invoices:write", "Create and change invoices"),
                ("payments:read", "Read payments"),
                ("payments:refund", "Pay money back"),
            ]
        ),
        new(
            Telemetry,
            "Vehicle telemetry",
            ["vehicle"],
            [("positions:write", "Report positions"), ("positions:read", "Read positions"), ("alarms:write", "Report alarms")]
        ),
    ];

    public static readonly DemoRole[] Roles =
    [
        new("Dispatcher", "Plans and follows shipments", Shipments, ["shipments:read", "shipments:write", "labels:print"]),
        new("Shipment reader", "Sees shipments, changes nothing", Shipments, ["shipments:read"]),
        new("Accountant", "Writes invoices", Billing, ["invoices:read", "invoices:write", "payments:read"]),
        new("Billing reader", "Sees invoices and payments", Billing, ["invoices:read", "payments:read"]),
        new("Vehicle", "Reports where it is", Telemetry, ["positions:write", "alarms:write"]),
        new("Fleet reader", "Sees where vehicles are", Telemetry, ["positions:read"]),
    ];

    public static readonly string[] Customers = ["Harbour Foods", "Nordlys Retail", "Kite and Sons"];

    public static readonly DemoPerson[] People =
    [
        new("Ada Okafor", "ada.okafor", ["Dispatcher", "Fleet reader"]),
        new("Joost de Vries", "joost.devries", ["Dispatcher"]),
        new("Priya Raman", "priya.raman", ["Accountant"]),
        new("Tomás Herrera", "tomas.herrera", ["Billing reader", "Shipment reader"]),
        new("Chan Mei-ling", "meiling.chan", ["Fleet reader", "Shipment reader"]),
        new("Leila Haddad", "leila.haddad", ["Accountant", "Billing reader"]),
        new("Ingrid Solberg", "ingrid", [], "Nordlys Retail", "organization_administrator"),
        new("Erik Lund", "erik", [], "Nordlys Retail", "organization_developer"),
        new("Kenji Watanabe", "kenji", [], "Harbour Foods", "organization_administrator"),
        new("Rosa Kite", "rosa", [], "Kite and Sons", "organization_administrator"),
    ];

    /// <summary>Applications with their roles; those of a customer act in its organization.</summary>
    public static readonly (string Name, string[] Roles, string? Customer)[] Applications =
    [
        ("Warehouse scanners", ["Dispatcher"], null),
        ("Invoice run", ["Accountant"], null),
        ("Fleet gateway", ["Vehicle"], null),
        ("Build and deploy", ["Dispatcher", "Accountant"], null),
        ("Dashboards", ["Billing reader", "Fleet reader", "Shipment reader"], null),
        ("Nordlys web shop", ["Shipment reader"], "Nordlys Retail"),
        ("Harbour orders", ["Dispatcher"], "Harbour Foods"),
        ("Kite tracking", ["Shipment reader"], "Kite and Sons"),
    ];

    /// <summary>The name of the key that leaks, and the days before today on which a finder reports it.</summary>
    public static readonly (string Key, int Days) Leak = ("deploy", 19);

    public static readonly DemoKey[] Keys =
    [
        new("scanners in Rotterdam", "Warehouse scanners", "Dispatcher", ["shipments:read", "labels:print"])
        {
            Made = 170,
            PerDay = 900,
            Network = "198.51.100",
            AllowedNetwork = "198.51.100.0/24",
            RotateEveryDays = 90,
            Rolled = [84],
        },
        new("scanners in Kaohsiung", "Warehouse scanners", "Dispatcher", ["shipments:read", "labels:print"])
        {
            Made = 150,
            PerDay = 700,
            Network = "192.0.2",
            RotateEveryDays = 90, // overdue
        },
        new("monthly invoices", "Invoice run", "Accountant", ["invoices:write"])
        {
            Made = 165,
            PerDay = 60,
            Expires = 11,
            Pattern = "customer:*",
        },
        new("reminders", "Invoice run", "Accountant", ["invoices:read", "payments:read"]) { Made = 120, PerDay = 140 },
        new("trucks", "Fleet gateway", "Vehicle", ["positions:write"])
        {
            Made = 160,
            PerDay = 2400,
            Network = "203.0.113",
            RotateEveryDays = 180,
        },
        new("trial vehicle", "Fleet gateway", "Vehicle", ["positions:write"])
        {
            Made = 130,
            PerDay = 30,
            UsedUntil = 101,
        },
        new("deploy", "Build and deploy", "Dispatcher", ["shipments:write"])
        {
            Made = 140,
            PerDay = 25,
            UsedUntil = 16,
            Network = "192.0.2",
        },
        new("deploy, second", "Build and deploy", "Dispatcher", ["shipments:write"])
        {
            Made = 19,
            PerDay = 25,
            Expires = 71,
        },
        new("wall screen", "Dashboards", "Billing reader", ["invoices:read"]) { Made = 100, PerDay = 290 },
        new("old reports", "Dashboards", "Billing reader", ["invoices:read"]) { Made = 172 },
        new("shop front", "Nordlys web shop", "Shipment reader", ["shipments:read"])
        {
            Made = 90,
            PerDay = 450,
            Network = "198.51.100",
            Overreach = 4,
        },
        new("orders", "Harbour orders", "Dispatcher", ["shipments:write"])
        {
            Made = 75,
            PerDay = 180,
            Expires = 5,
        },
        new("tracking page", "Kite tracking", "Shipment reader", ["shipments:read"]) { Made = 40, PerDay = 320 },
        new("notebook", "ada.okafor", "Dispatcher", ["shipments:read"])
        {
            Made = 60,
            PerDay = 18,
            Expires = 30,
        },
        new("label script", "joost.devries", "Dispatcher", ["labels:print"])
        {
            Made = 110,
            PerDay = 9,
            Expires = -20,
            UsedUntil = 14,
        },
        new("quarterly figures", "priya.raman", "Accountant", ["invoices:read"])
        {
            Made = 48,
            PerDay = 4,
            Expires = 42,
        },
        new("experiment", "meiling.chan", "Fleet reader", ["positions:read"])
        {
            Made = 33,
            PerDay = 12,
            Expires = 57,
        },
    ];
}
