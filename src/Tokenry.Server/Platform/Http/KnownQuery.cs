using System.Collections.Concurrent;
using System.Reflection;
using Microsoft.AspNetCore.Mvc;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>
/// Refuses query parameters that a route below <c>/v1</c> does not know. Otherwise a change could be made without a misspelt <c>dry_run</c> or <c>reason</c>.
/// The parameters of a route are those of its handler, its filters and <c>dry_run</c>. The doors check their own query just as strictly. Elsewhere RFC 6749
/// §3.1 and §3.2 and the caches of public documents require tolerance.
/// </summary>
internal sealed class KnownQuery(RequestDelegate next)
{
    private static readonly ConcurrentDictionary<Endpoint, IReadOnlyList<QueryParameter>> Known = new();

    public Task InvokeAsync(HttpContext context)
    {
        if (context.Request.QueryString.HasValue && context.GetEndpoint() is RouteEndpoint route && IsStrict(route))
        {
            Check(context.Request.Query, Of(route));
        }

        return next(context);
    }

    /// <summary>Whether the server refuses unknown parameters of this route here.</summary>
    public static bool IsStrict(RouteEndpoint route)
    {
        ArgumentNullException.ThrowIfNull(route);
        return route.RoutePattern.RawText!.TrimStart('/').StartsWith("v1/", StringComparison.Ordinal)
            && route.Metadata.GetMetadata<RouteTakesCredentials>() is null;
    }

    /// <summary>The query parameters that a route knows.</summary>
    public static IReadOnlyList<QueryParameter> Of(RouteEndpoint route) =>
        Known.GetOrAdd(route, static endpoint => [.. Read((RouteEndpoint)endpoint)]);

    private static IEnumerable<QueryParameter> Read(RouteEndpoint route)
    {
        foreach (var parameter in route.Metadata.GetMetadata<MethodInfo>()?.GetParameters() ?? [])
        {
            // Every other argument of a handler is a service, or reads the request itself.
            var isFlag = parameter.ParameterType == typeof(bool?);
            var name = parameter.GetCustomAttribute<FromQueryAttribute>()?.Name ?? parameter.Name!;
            if ((isFlag || parameter.ParameterType == typeof(string)) && route.RoutePattern.GetParameter(name) is null)
            {
                yield return new QueryParameter(name, isFlag);
            }
        }

        if (route.Metadata.GetMetadata<RouteFilters>() is { } filters)
        {
            yield return new QueryParameter("limit");
            yield return new QueryParameter("cursor");
            foreach (var name in filters.Names.Where(name => route.RoutePattern.GetParameter(name) is null))
            {
                yield return new QueryParameter(name);
            }
        }

        if (route.Metadata.GetMetadata<RouteChangesRights>() is not null)
        {
            yield return new QueryParameter(RightsPreview.DryRun, IsFlag: true);
        }
    }

    /// <exception cref="ProblemException">400 with each parameter that is unknown, repeated, or has a value that is not valid for a flag.</exception>
    public static void Check(IQueryCollection query, IReadOnlyList<QueryParameter> known)
    {
        var check = new Validation();
        foreach (var (name, values) in query)
        {
            if (known.FirstOrDefault(parameter => parameter.Name == name) is not { } parameter)
            {
                check.Require(false, Validation.Shown(name), Unknown(name, [.. known.Select(parameter => parameter.Name)]));
                continue;
            }

            check.Require(values.Count == 1, name, "appears more than once");
            check.Require(!parameter.IsFlag || values is ["true" or "false"], name, "must be true or false");
        }

        check.ThrowIfAny();
    }

    private static string Unknown(string name, string[] known)
    {
        if (known.Length == 0)
        {
            return "is not a query parameter of this route, which has none";
        }

        var meant = NearestName.Of(name, known) is { } near ? $" Did you mean {near}?" : "";
        return $"is not a query parameter of this route.{meant} Known: {string.Join(", ", known)}.";
    }
}

/// <summary>A query parameter of a route.</summary>
/// <param name="Name">The name as it is spelled.</param>
/// <param name="IsFlag">Whether its value is <c>true</c> or <c>false</c>.</param>
public sealed record QueryParameter(string Name, bool IsFlag = false);
