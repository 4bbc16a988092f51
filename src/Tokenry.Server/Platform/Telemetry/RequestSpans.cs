using System.Collections.Frozen;
using System.Diagnostics;
using OpenTelemetry;
using Tokenry.Server.Platform.Http;

namespace Tokenry.Server.Platform.Telemetry;

/// <summary>
/// The content of a request's span: method, route template, status and request id. Everything else is removed before the export, because careless clients put
/// secrets into paths, queries and headers.
/// </summary>
internal sealed class RequestSpans : BaseProcessor<Activity>
{
    private const string Method = "http.request.method";
    private const string Route = "http.route";
    private const string Status = "http.response.status_code";
    private const string RequestId = "tokenry.request_id";

    private static readonly FrozenSet<string> Exported = FrozenSet.Create(StringComparer.Ordinal, Method, Route, Status, RequestId);
    private static readonly FrozenSet<string> Methods = FrozenSet.Create(
        StringComparer.Ordinal,
        "GET",
        "HEAD",
        "POST",
        "PUT",
        "PATCH",
        "DELETE",
        "OPTIONS"
    );

    /// <summary>Sets the tags of the request's own activity when the request is answered.</summary>
    public static async Task DescribeAsync(HttpContext context, RequestDelegate next)
    {
        var activity = Activity.Current;
        try
        {
            await next(context);
        }
        finally
        {
            if (activity is { IsAllDataRequested: true })
            {
                Describe(activity, context);
            }
        }
    }

    private static void Describe(Activity activity, HttpContext context)
    {
        var method = Methods.Contains(context.Request.Method) ? context.Request.Method : "_OTHER";
        var route = MetricLabel.Template((context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText);
        activity.DisplayName = route is null ? method : $"{method} {route}";
        activity.SetTag(Method, method);
        activity.SetTag(Route, route);
        activity.SetTag(Status, context.Response.StatusCode);
        activity.SetTag(RequestId, RequestFacts.Of(context).RequestId);
        if (context.Response.StatusCode >= 500)
        {
            activity.SetStatus(ActivityStatusCode.Error);
        }
    }

    public override void OnEnd(Activity data)
    {
        foreach (var (name, _) in data.TagObjects.ToList())
        {
            if (!Exported.Contains(name))
            {
                data.SetTag(name, null);
            }
        }

        data.TraceStateString = null; // the client sent this header
    }
}
