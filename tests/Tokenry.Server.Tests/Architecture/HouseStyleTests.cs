using System.Reflection;
using System.Runtime.CompilerServices;
using Tokenry.Server.Composition;

namespace Tokenry.Server.Tests.Architecture;

/// <summary>Habits of the house that a machine can hold.</summary>
public sealed class HouseStyleTests
{
    private const int LongestFile = 400;
    private static readonly string[] Drawers = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Misc", "Base"];
    private static readonly string[] Secrets = ["Secret", "Password", "Token", "ConnectionString"];

    /// <summary>Type.Property that may stand in a record although its name ends like a secret's; each with the reason beside it.</summary>
    private static readonly string[] NoSecretsAtAll = [];

    private static IEnumerable<Type> Types =>
        new[] { typeof(TokenryServer).Assembly, typeof(Protocol.Api.Problem).Assembly }
            .SelectMany(assembly => assembly.GetTypes())
            .Where(type => RoomTable.RoomOf(type.Namespace) is not null && !IsGenerated(type));

    [Fact]
    public void No_file_is_longer_than_400_lines()
    {
        var files = SourceFiles.Of("src").Concat(SourceFiles.Of("tests")).ToList();
        Assert.True(files.Count > 100);
        Assert.Empty(files.Where(file => file.Lines.Length > LongestFile).Select(file => $"{file.Path}: {file.Lines.Length}"));
    }

    [Fact]
    public void Nothing_is_named_after_a_drawer()
    {
        var names = Types
            .SelectMany(type => type.Namespace!.Split('.').Append(type.Name.Split('`')[0]))
            .Concat(SourceFiles.Of("src").Select(file => Path.GetFileNameWithoutExtension(file.Path)));
        Assert.Empty(names.Where(name => Drawers.Any(drawer => name.EndsWith(drawer, StringComparison.Ordinal))).Distinct());
    }

    /// <summary>A record prints its members: into a log, an exception, a failed assertion.</summary>
    [Fact]
    public void No_record_prints_a_secret()
    {
        var faults = Types
            .Where(PrintsItsMembers)
            .SelectMany(type => type.GetProperties(BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance))
            .Where(property =>
                IsText(property.PropertyType) && Secrets.Any(secret => property.Name.EndsWith(secret, StringComparison.Ordinal))
            )
            .Select(property => $"{property.DeclaringType!.Name}.{property.Name}")
            .Except(NoSecretsAtAll);
        Assert.Empty(faults);
    }

    [Fact]
    public void An_operation_has_no_interface_of_its_own_and_at_most_seven_dependencies()
    {
        var services = Types.Where(type => type is { IsClass: true, IsAbstract: false } && !PrintsItsMembers(type));
        // One is for several that somebody holds alike, not for one that might be replaced.
        Assert.Empty(Types.Where(type => type.IsInterface && Types.Count(type.IsAssignableFrom) < 3).Select(type => type.FullName));
        Assert.Empty(
            services
                .Where(type => type.GetConstructors().Any(constructor => constructor.GetParameters().Length > 7))
                .Select(type => type.FullName)
        );
    }

    private static bool IsGenerated(Type type) =>
        type.Name.Contains('<', StringComparison.Ordinal) || type.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);

    private static bool IsText(Type type) => type == typeof(string) || type == typeof(Protocol.Api.Optional<string>);

    /// <summary>A record, unless it says itself what it prints.</summary>
    private static bool PrintsItsMembers(Type type) =>
        type.GetMethod("PrintMembers", BindingFlags.Instance | BindingFlags.NonPublic | BindingFlags.Public) is not null
        && type.GetMethod(nameof(ToString), Type.EmptyTypes)!.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false);
}
