using System.CodeDom.Compiler;
using System.Reflection;
using System.Runtime.CompilerServices;
using Tokenry.Server.Composition;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>
/// A method with many parameters hides a noun, such as <c>OperationContext</c>. Constructors have a rule of their own (<see cref="HouseStyleTests"/>), records
/// are data, and the framework binds the parameters of a route's lambda.
/// </summary>
public sealed class ParameterCountTests
{
    private const int Most = 5;

    /// <summary>Methods of before the rule. This list only gets shorter.</summary>
    private static readonly string[] Exceptions = ["Tokenry.Server.Features.Verification.VerifyEndpoint.Write"];

    [Fact]
    public void No_method_has_more_than_five_parameters()
    {
        const BindingFlags Own =
            BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;
        var methods = new[] { typeof(TokenryServer).Assembly, typeof(Protocol.Api.Problem).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type =>
                RoomTable.RoomOf(type.Namespace) is not null
                || type.Namespace?.StartsWith("Tokenry.Protocol", StringComparison.Ordinal) == true
            )
            .Where(type => !IsGenerated(type) && !type.IsSubclassOf(typeof(Delegate)))
            .SelectMany(type => type.GetMethods(Own))
            .Where(method => !IsGenerated(method))
            .ToList();
        Assert.True(methods.Count > 2000, $"only {methods.Count} methods were looked at");
        var tooMany = methods
            .Where(method => method.GetParameters().Length > Most)
            .Select(method => $"{method.DeclaringType!.FullName}.{method.Name}")
            .Distinct()
            .ToList();
        Assert.Empty(tooMany.Except(Exceptions));
        Assert.Empty(Exceptions.Except(tooMany)); // one that got shorter leaves the list
    }

    /// <summary>Lambdas too. A local function is ours: its name has the mark <c>g__</c>.</summary>
    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(GeneratedCodeAttribute), inherit: false)
        || member.Name.Contains("b__", StringComparison.Ordinal)
        || member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false) && !member.Name.Contains("g__", StringComparison.Ordinal)
        || member.DeclaringType is { } declaring && IsGeneratedCode(declaring);

    private static bool IsGeneratedCode(Type type) => type.IsDefined(typeof(GeneratedCodeAttribute), inherit: false);
}
