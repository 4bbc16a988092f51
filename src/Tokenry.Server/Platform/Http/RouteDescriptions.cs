using System.Reflection;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.OpenApi;
using Tokenry.Server.Platform.Text;

namespace Tokenry.Server.Platform.Http;

/// <summary>The filters of a list besides <c>limit</c> and <c>cursor</c>.</summary>
public sealed record RouteFilters(IReadOnlyList<string> Names);

/// <summary>A member of a form or an answer that no type describes.</summary>
public sealed record RouteMember(string Name, string Description, bool Required = false, JsonSchemaType Type = JsonSchemaType.String);

/// <summary>The parameters that a form endpoint reads.</summary>
public sealed record RouteForm(IReadOnlyList<RouteMember> Members);

/// <summary>The answer of a route that writes its answer itself. Without members it is text; without a media type it is empty.</summary>
public sealed record RouteAnswer(string? ContentType, IReadOnlyList<RouteMember> Members);

/// <summary>Another type of answer, besides the one in the handler's signature.</summary>
public sealed record RouteAlternative(Type Answer);

/// <summary>Describes for the OpenAPI document what the signature of a handler does not show.</summary>
public static class RouteDescriptions
{
    public static TBuilder Lists<TBuilder>(this TBuilder builder, params string[] filters)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteFilters(filters));

    public static TBuilder Takes<TBuilder>(this TBuilder builder, params RouteMember[] members)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RouteForm(members));

    /// <summary>Describes a plain handler that reads a <see cref="Body{T}"/> and writes a <see cref="JsonAnswer"/> itself.</summary>
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

    /// <summary>Names the handler's method: the document lists only routes with a known method, and a plain RequestDelegate has none.</summary>
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
