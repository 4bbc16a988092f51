// Invoices, as any API would serve them. It knows nothing of keys and tokens: the proxy in front of it has asked Tokenry already.
using System.Collections.Concurrent;
using System.Text.Json;
using InvoicesApi;
using Microsoft.AspNetCore.Http.Features;

var builder = WebApplication.CreateSlimBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
var app = builder.Build();

// Everything that came, one JSON line a request: look here for what a proxy lets through.
app.Use(
    async (context, next) =>
    {
        var target = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToArray());
        var line = JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["method"] = context.Request.Method,
                ["target"] = target,
                ["headers"] = headers,
            }
        );
        Console.WriteLine(line);
        await next();
    }
);

var invoices = new ConcurrentDictionary<string, Invoice>(StringComparer.Ordinal)
{
    ["1001"] = new("1001", "Ada", 120),
    ["1002"] = new("1002", "Grace", 80),
};

app.MapGet(
    "/invoices",
    (HttpRequest request) => new { caller = Caller.Of(request.Headers), invoices = invoices.Values.OrderBy(i => i.Id) }
);
app.MapGet(
    "/invoices/{id}",
    (string id, HttpRequest request) =>
        invoices.TryGetValue(id, out var invoice) ? Results.Ok(new { caller = Caller.Of(request.Headers), invoice }) : Results.NotFound()
);

// A preflight (CORS) comes past the door, without a credential: it may learn which origins may ask, and nothing else.
app.MapMethods(
    "/invoices/{id?}",
    [HttpMethods.Options],
    (HttpResponse response) =>
    {
        response.Headers.AccessControlAllowOrigin = "https://app.example.com";
        response.Headers.AccessControlAllowMethods = "GET, POST";
        response.Headers.AccessControlAllowHeaders = "Authorization, Content-Type";
        return Results.NoContent();
    }
);
app.MapPost(
    "/invoices",
    (Invoice invoice, HttpRequest request) =>
        invoices.TryAdd(invoice.Id, invoice)
            ? Results.Created($"/invoices/{invoice.Id}", new { caller = Caller.Of(request.Headers), invoice })
            : Results.Conflict()
);
app.MapGet(
    "/reports",
    (string? month, HttpRequest request) =>
        new
        {
            caller = Caller.Of(request.Headers),
            month,
            total = invoices.Values.Sum(i => i.Amount),
        }
);
app.MapGet(
    "/whoami",
    (HttpRequest request) => new { caller = Caller.Of(request.Headers), jwt = request.Headers.ContainsKey("X-Tokenry-Jwt") }
);

// What no proxy of ours publishes.
app.MapGet("/internal/accounts", () => new { accounts = "nobody's business" });

app.Run();
