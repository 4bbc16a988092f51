using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>The filters a list takes beside <c>limit</c> and <c>cursor</c>.</summary>
public sealed record RouteFilters(IReadOnlyList<string> Names);

/// <summary>A member of a form or of an answer that no type describes.</summary>
public sealed record RouteMember(string Name, string Description, bool Required = false, JsonSchemaType Type = JsonSchemaType.String);

/// <summary>The parameters a form endpoint reads.</summary>
public sealed record RouteForm(IReadOnlyList<RouteMember> Members);

/// <summary>What a route answers with that writes its answer itself; without members it is text, or nothing where there is no media type.</summary>
public sealed record RouteAnswer(string? ContentType, IReadOnlyList<RouteMember> Members);

/// <summary>Another type that a route answers with, beside the one its handler names.</summary>
public sealed record RouteAlternative(Type Answer);

/// <summary>What the OpenAPI document cannot learn of a route from its handler's signature.</summary>
public static class RouteDescriptions
{
    public static TBuilder Lists<TBuilder>(this TBuilder builder, params string[] filters)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteFilters(filters));

    public static TBuilder Takes<TBuilder>(this TBuilder builder, params RouteMember[] members)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteForm(members));

    /// <summary>Of a bare handler that reads a <see cref="Body{T}"/> itself and writes its <see cref="JsonAnswer"/>.</summary>
    public static IEndpointConventionBuilder Exchanges<TRequest, TAnswer>(this IEndpointConventionBuilder builder) =>
        builder
            .NamesItsHandler()
            .WithMetadata(
                new AcceptsMetadata([MediaType.Json], typeof(TRequest)),
                new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(TAnswer), [MediaType.Json])
            );

    public static TBuilder OrAnswers<TBuilder>(this TBuilder builder, Type answer)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteAlternative(answer));

    public static TBuilder Answers<TBuilder>(this TBuilder builder, string? contentType, params RouteMember[] members)
        where TBuilder : IEndpointConventionBuilder => builder.NamesItsHandler().WithMetadata(new RouteAnswer(contentType, members));

    /// <summary>The document lists only routes whose handler's method is known; a bare RequestDelegate does not say it by itself.</summary>
    private static TBuilder NamesItsHandler<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder
    {
        builder.Add(endpoint =>
        {
            if (endpoint.RequestDelegate is { } serve && !endpoint.Metadata.OfType<MethodInfo>().Any())
            {
                endpoint.Metadata.Add(serve.Method);
            }
        });
        return builder;
    }
}
